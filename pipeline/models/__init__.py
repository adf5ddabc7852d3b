"""Reading sql/, ordering it, running it, auditing it."""
