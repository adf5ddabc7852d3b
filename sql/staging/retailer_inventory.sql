-- One row per live item on a retailer's shelf. How much of it is there is in history, by day.
with
    items as (select * from raw.retailer_inventory where _deleted_at is null)
select
    _company,
    id as retailer_item_id,
    company as company_id,
    nullif(name, '') as item_name,
    nullif(sku, '') as sku,
    nullif(brand, '') as brand
from items
