-- One row per live item on a retailer's shelf.
with
    items as (select * from raw.retailer_inventory where _deleted_at is null)
select
    _company,
    id as retailer_item_id,
    company as company_id,
    nullif(name, '') as item_name,
    nullif(sku, '') as sku,
    nullif(brand, '') as brand,
    case when abs(quantity) < 1000000000000 then quantity end as quantity  -- a trillion or more is no quantity
from items
