-- severity: error
-- Every column of raw and of the marts has its comment.
select schema_name, table_name, column_name
from duckdb_columns()
where database_name = current_database()
    and schema_name in ('raw', 'marts')
    and coalesce(trim(comment), '') = ''
