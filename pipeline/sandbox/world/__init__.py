"""What a sandbox is about: who sells what to whom, and how it goes on."""
