"""Long proofs, started by hand: `python -m tests.long.moving --histories 1000`. Pytest does not collect them."""
