"""Holding a report that was downloaded from LeafLink against a table of the warehouse."""
