"""What goes wrong at a sandbox: faults, lies, odd orders and types, and movement between two answers."""
