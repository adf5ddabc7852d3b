"""Holding the contracts against a vendor's OpenAPI document."""
