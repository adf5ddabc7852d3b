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
    buyer.id as buyer_id,  -- Company that buys.
    nullif(buyer.name, '') as buyer_name,  -- Its name.
    seller.id as supplier_id,  -- Company that sells.
    nullif(seller.name, '') as supplier_name,  -- Its name.
    nullif(currency, '') as currency,
    coalesce(array_length(line_items), 0) as line_count,  -- How many lines it has.
    -- Sum of the lines; a trillion or more is no amount.
    case when abs(subtotal) < 1000000000000 then subtotal end as subtotal,
    case when abs(discount) < 1000000000000 then discount end as discount,  -- Discount; a trillion or more is no amount.
    -- Shipping charge; a trillion or more is no amount.
    case when abs(shipping_charge) < 1000000000000 then shipping_charge end as shipping_amount,
    case when abs(tax) < 1000000000000 then tax end as tax_amount,  -- Tax; a trillion or more is no amount.
    case when abs(total) < 1000000000000 then total end as total_amount,  -- Total; a trillion or more is no amount.
    nullif(payment_term, '') as terms,
    cast(created_on at time zone timezone as date) as order_date,  -- Local date on which it was created.
    cast(ship_date at time zone timezone as date) as ship_date,  -- Local date of shipping.
    cast(delivered_date at time zone timezone as date) as delivered_date,  -- Local date of delivery.
    cast(payment_due_date at time zone timezone as date) as payment_due_date,  -- Local date on which it is to be paid.
    coalesce(is_delivered, false) as is_delivered
from orders
