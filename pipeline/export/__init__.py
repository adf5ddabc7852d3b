"""Marts, and answers of queries, as files for other programs: Parquet, CSV and XLSX."""
