"""From the bytes of rows to Arrow tables, with what is odd in them told apart. Knows no HTTP and no files."""
