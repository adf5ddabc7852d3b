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
    case when abs(quantity) < 1000000000000 then quantity end as quantity,  -- a trillion or more is no quantity
    case when abs(reserved_qty) < 1000000000000 then reserved_qty end as reserved_quantity,
    case when abs(available_inventory) < 1000000000000 then available_inventory end as available_quantity,
    coalesce(inventory_management = 1, false) as is_managed  -- 1 Managed, 2 Unlimited, 3 Inherited
from products
