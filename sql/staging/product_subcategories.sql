-- One row per live subcategory of products.
with
    named as (select * from raw.product_subcategories where _deleted_at is null)
select _company, id as subcategory_id, nullif(name, '') as subcategory
from named
