"""What the commands do. Each module imports only what its command needs: a command starts in half the time."""
