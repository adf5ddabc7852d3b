"""What a sandbox answers over HTTP."""
