"""Merging what landed, building beside the published file, publishing in one rename."""
