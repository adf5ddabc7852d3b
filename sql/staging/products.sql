-- One row per live product. Quantities are in base units.
with
    products as (select * from raw.products where _deleted_at is null)
select
    _company,
    id as product_id,
    seller as seller_id,
    brand as brand_id,
    coalesce(nullif(display_name, ''), name) as product_name,
    sku,
    listing_state,
    quantity,
    reserved_qty as reserved_quantity,
    available_inventory as available_quantity,
    coalesce(inventory_management = 1, false) as is_managed  -- 1 Managed, 2 Unlimited, 3 Inherited
from products
