"""An embedded LeafLink: the default source when no key is set, and the bench for tests."""
