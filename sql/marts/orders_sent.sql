-- One row per order that was placed as a buyer.
-- key: _company, order_id
-- needs: buyer_orders
with
    rounded as (
        select
            *,
            cast(round(subtotal, 2) as decimal(38, 2)) as subtotal_cents,
            cast(round(discount, 2) as decimal(38, 2)) as discount_cents,
            cast(round(shipping_amount, 2) as decimal(38, 2)) as shipping_cents,
            cast(round(tax_amount, 2) as decimal(38, 2)) as tax_cents,
            cast(round(total_amount, 2) as decimal(38, 2)) as total_cents
        from staging.buyer_orders
    )
select
    cast(_company as varchar) as _company,  -- Company of the configuration that the order belongs to.
    cast(order_id as varchar) as order_id,  -- Key of the order.
    cast(short_id as varchar) as short_id,  -- Number of the order that people see; it can change.
    cast(status as varchar) as status,  -- Status of the order as known now.
    cast(order_date as date) as order_date,  -- Local date of created_on.
    cast(payment_due_date as date) as due_date,  -- Local date of payment_due_date; null without one.
    cast(date_diff('day', order_date, getvariable('as_of')) as integer) as days_ago,  -- as_of - order_date.
    cast(currency as varchar) as currency,  -- Currency of every amount in the row.
    cast(buyer_id as bigint) as buyer_id,  -- Buying company.
    cast(buyer_name as varchar) as buyer_name,  -- Name of that company.
    cast(supplier_id as bigint) as supplier_id,  -- Company that it was ordered from.
    cast(supplier_name as varchar) as supplier_name,  -- Name of that company.
    cast(ship_date as date) as ship_date,  -- Local date on which it ships; null until known.
    cast(delivered_date as date) as delivered_date,  -- Local date on which it was delivered.
    cast(is_delivered as boolean) as is_delivered,  -- Whether it is marked as delivered.
    cast(terms as varchar) as terms,  -- Payment term.
    cast(line_count as bigint) as lines,  -- Lines of the order.
    cast(subtotal_cents as decimal(38, 2)) as subtotal,  -- Sum of the lines as LeafLink gives it.
    cast(discount_cents as decimal(38, 2)) as discount,  -- Discount.
    cast(shipping_cents as decimal(38, 2)) as shipping,  -- Shipping charge.
    cast(tax_cents as decimal(38, 2)) as tax,  -- Tax.
    cast(total_cents as decimal(38, 2)) as total,  -- Total as LeafLink gives it.
    -- total - (subtotal - discount + shipping + tax); a missing discount, shipping or tax is 0.
    cast(
        total_cents
        - (subtotal_cents - coalesce(discount_cents, 0) + coalesce(shipping_cents, 0) + coalesce(tax_cents, 0))
        as decimal(38, 2)
    ) as total_gap,
    cast(getvariable('as_of') as date) as as_of  -- The date that the row is computed for.
from rounded
