"""Leafhouse: LeafLink in a DuckDB warehouse."""
