-- One row per live order that was placed as a buyer. Amounts are LeafLink's own; a trillion or more is no amount.
with
    orders as (
        select raw_orders.*, coalesce(companies.timezone, getvariable('timezone')) as timezone
        from raw.buyer_orders as raw_orders
        left join meta.companies as companies on companies._company = raw_orders._company
        where raw_orders._deleted_at is null
    )
select
    _company,
    id as order_id,
    short_id,
    status,
    buyer.id as buyer_id,
    nullif(buyer.name, '') as buyer_name,
    seller.id as supplier_id,
    nullif(seller.name, '') as supplier_name,
    nullif(currency, '') as currency,
    coalesce(len(line_items), 0) as line_count,
    case when abs(subtotal) < 1000000000000 then subtotal end as subtotal,
    case when abs(discount) < 1000000000000 then discount end as discount,
    case when abs(shipping_charge) < 1000000000000 then shipping_charge end as shipping_amount,
    case when abs(tax) < 1000000000000 then tax end as tax_amount,
    case when abs(total) < 1000000000000 then total end as total_amount,
    nullif(payment_term, '') as terms,
    cast(created_on at time zone timezone as date) as order_date,
    cast(ship_date at time zone timezone as date) as ship_date,
    cast(delivered_date at time zone timezone as date) as delivered_date,
    cast(payment_due_date at time zone timezone as date) as payment_due_date,
    coalesce(is_delivered, false) as is_delivered
from orders
