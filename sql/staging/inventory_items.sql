-- One row per live item of stock at a facility that is not archived, in the product's unit of measure.
with
    items as (select * from raw.inventory_items where _deleted_at is null and not coalesce(is_archived, false))
select
    _company,
    id as item_id,
    facility as facility_id,
    product as product_id,
    batch as batch_id,
    -- Quantity at the facility; a trillion or more is none.
    case when abs(quantity_in_product_uom) < 1000000000000 then quantity_in_product_uom end as quantity,
    -- What of it is reserved for orders; a trillion or more is no quantity.
    case when abs(reserved_qty_in_product_uom) < 1000000000000 then reserved_qty_in_product_uom end as reserved_quantity
from items
