-- One row per live line of a booked or receivable order, with what brand and product sales are counted by.
with
    lines as (select * from intermediate.line_amounts),
    parts as (select * from intermediate.discount_parts),
    orders as (select * from staging.orders_received where is_booked or is_receivable),
    products as (select * from staging.products)
select
    lines._company,
    lines.line_id,
    lines.order_number,
    lines.product_id,
    products.brand_id,
    orders.seller_id,
    orders.customer_id,
    lines.currency,
    lines.quantity,
    lines.cases,
    lines.line_amount,
    coalesce(parts.discount_amount, 0) as discount_amount,
    lines.is_sample,
    lines.is_on_sale,
    orders.is_booked,
    orders.is_receivable,
    orders.created_date,
    orders.invoice_date
from lines
join orders on orders._company = lines._company and orders.order_number = lines.order_number
left join products on products._company = lines._company and products.product_id = lines.product_id
left join parts on parts._company = lines._company and parts.line_id = lines.line_id
