-- One row per live product line.
with
    named as (select * from raw.product_lines where _deleted_at is null)
select _company, id as product_line_id, nullif(name, '') as product_line
from named
