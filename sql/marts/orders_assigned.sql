-- One row per order and rep on it; one without a rep where there is none. Amounts that reps share are divided equally
-- in whole cents, rounded down; the cents left over go one each to the smallest rep ids, so that the shares add up.
-- key: _company, order_number, rep_id
-- needs: orders_received, line_items, products, customers, order_payments
with
    orders as (select * from marts.fct_orders),
    reps as (select * from intermediate.order_reps),
    assigned as (
        select
            orders.*,
            reps.rep_id,
            reps.rep_name,
            reps.place,
            coalesce(reps.rep_count, 1) as divisor,
            cast(orders.net_sales * 100 as hugeint) as net_cents,
            cast(case when orders.is_billed then orders.open_balance else 0 end * 100 as hugeint) as open_cents
        from orders
        left join reps on reps._company = orders._company and reps.order_number = orders.order_number
    ),
    divided as (  -- the remainder is never negative, so that the division rounds down below zero too
        select
            *,
            (net_cents % divisor + divisor) % divisor as net_rest,
            (open_cents % divisor + divisor) % divisor as open_rest
        from assigned
    ),
    shared as (
        select
            *,
            (net_cents - net_rest) // divisor + case when place <= net_rest then 1 else 0 end as net_share_cents,
            (open_cents - open_rest) // divisor + case when place <= open_rest then 1 else 0 end as open_share_cents
        from divided
    )
select
    cast(_company as varchar) as _company,  -- Company of the configuration that the order belongs to.
    cast(order_number as varchar) as order_number,  -- LeafLink's key of the order.
    cast(short_id as varchar) as short_id,  -- Number of the order that people see; it can change.
    cast(status as varchar) as status,  -- Status of the order as known now.
    cast(seller_id as bigint) as seller_id,  -- Selling company.
    cast(rep_id as bigint) as rep_id,  -- Member of staff on the order; null for none.
    cast(rep_name as varchar) as rep_name,  -- Name of the rep in the staff list, else on the order; personal data.
    cast(customer_id as bigint) as customer_id,  -- The seller's record of a customer: a door.
    cast(customer_name as varchar) as customer_name,  -- Nickname of the customer, else its name, else the order's word.
    cast(customer_state as varchar) as customer_state,  -- State of the customer.
    cast(order_date as date) as order_date,  -- Local date of created_on.
    cast(days_ago as integer) as days_ago,  -- as_of - order_date.
    cast(is_sale as boolean) as is_sale,  -- Whether the order counts in sales.
    cast(is_billed as boolean) as is_billed,  -- Whether the order counts in receivables.
    cast(currency as varchar) as currency,  -- Currency of every amount in the row.
    cast(rep_count as bigint) as rep_count,  -- How many reps the order has.
    cast(net_sales as decimal(38, 2)) as net_sales,  -- Net sales of the whole order: not to be summed here.
    -- The rep's share of net_sales.
    cast(cast(net_share_cents as decimal(38, 0)) * 0.01 as decimal(38, 2)) as net_share,
    -- The rep's share of the open balance of a billed order; 0 of others.
    cast(cast(open_share_cents as decimal(38, 0)) * 0.01 as decimal(38, 2)) as open_share,
    cast(getvariable('as_of') as date) as as_of  -- The date that the row is computed for.
from shared
