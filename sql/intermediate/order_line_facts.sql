-- One row per live line of a live order, with what sales are counted by: fct_order_lines without its names. Those are joined
-- where somebody looks: to write them out for 1,000,000 lines takes 3 of 6 CPU seconds.
-- key: _company, line_id
-- needs: line_items, orders_received, products, customers
with
    lines as (select * from intermediate.line_amounts),
    orders as (select * from intermediate.order_heads),
    parts as (select * from intermediate.discount_parts),
    products as (select * from staging.products)
select
    lines._company,
    lines.line_id,
    lines.order_number,
    orders.seller_id,
    orders.customer_id,
    lines.product_id,
    products.brand_id,
    orders.order_date,
    orders.invoice_date,
    -- as_of - order_date; negative for what was ordered after it.
    cast(date_diff('day', orders.order_date, getvariable('as_of')) as integer) as days_ago,
    lines.currency,
    cast(lines.quantity as decimal(18, 4)) as units,
    lines.unit_multiplier,
    cast(lines.cases as decimal(18, 4)) as cases,
    cast(lines.price as decimal(18, 6)) as case_price,
    cast(lines.list_price as decimal(18, 6)) as list_case_price,
    lines.list_basis,
    lines.line_amount,
    lines.list_amount,
    -- The line's part of the order's discount; 0 without one.
    cast(coalesce(parts.discount_amount, 0) as decimal(18, 2)) as discount,
    lines.is_sample,
    lines.is_on_sale,
    orders.is_booked,
    -- No sample, booked, and ordered on or before as_of.
    coalesce(not lines.is_sample and orders.is_booked and orders.order_date <= getvariable('as_of'), false) as is_sale,
    coalesce(not lines.is_sample and orders.is_billed, false) as is_shipped_sale,  -- No sample, in a billed order.
    cast(getvariable('as_of') as date) as as_of  -- The date that the row is computed for.
from lines
join orders on orders._company = lines._company and orders.order_number = lines.order_number
left join parts on parts._company = lines._company and parts.line_id = lines.line_id
left join products on products._company = lines._company and products.product_id = lines.product_id
