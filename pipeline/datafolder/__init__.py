"""The data folder: its paths, whose it is, the lock, and the keys and states that are kept there."""
