"""The dictionary: what the tables of the warehouse mean, where their columns come from, and how fresh they are."""

from pipeline.dictionary.write import Dictionary, write_dictionary

__all__ = ["Dictionary", "write_dictionary"]
