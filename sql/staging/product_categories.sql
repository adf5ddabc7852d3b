-- One row per live category of products.
with
    named as (select * from raw.product_categories where _deleted_at is null)
select _company, id as category_id, nullif(name, '') as category
from named
