-- One row per live order line, as LeafLink sent it.
-- kind: view
with
    lines as (select * from raw.line_items where _deleted_at is null)
select
    _company,
    id as line_id,
    "order" as order_number,
    product as product_id,
    quantity,
    unit_multiplier,
    ordered_unit_price_amount,
    ordered_unit_price_currency,
    sale_price_amount,
    sale_price_currency,
    wholesale_price,
    coalesce(is_sample, false) as is_sample
from lines
