"""The formats of exports."""

from enum import StrEnum


class Format(StrEnum):
    """What files are written as; the name is their ending."""

    PARQUET = "parquet"
    CSV = "csv"
    XLSX = "xlsx"
