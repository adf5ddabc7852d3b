-- severity: error
-- Every column of raw, of the marts and of their views in main has its comment.
select schema_name, table_name, column_name
from duckdb_columns()
where database_name = current_database()
    and schema_name in ('raw', 'marts', 'main')
    and coalesce(trim(comment), '') = ''
