-- severity: error
-- Every table and view has its comment, and every column of them; history shows the columns of past.
with
    relations as (
        select database_name, schema_name, table_name, comment from duckdb_tables() where not internal
        union all
        select database_name, schema_name, view_name as table_name, comment from duckdb_views() where not internal
    ),
    columns as (
        select database_name, schema_name, table_name, column_name, comment
        from duckdb_columns()
        where not internal and schema_name <> 'past'
    ),
    commented as (
        select database_name, schema_name, table_name, null as column_name, comment from relations
        union all
        select database_name, schema_name, table_name, column_name, comment from columns
    )
select schema_name, table_name, column_name
from commented
where database_name = current_database() and coalesce(trim(comment), '') = ''
