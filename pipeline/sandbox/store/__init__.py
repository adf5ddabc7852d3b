"""The database that a sandbox lives in; its tables are handed to it."""
