-- One row per order: what a later load compares with. `credits` are those that the total does not net already.
with
    orders as (select * from marts.fct_orders),
    decisions as (select * from intermediate.company_decisions)
select
    cast(orders._company as varchar) as _company,
    cast(orders.order_number as varchar) as order_number,
    cast(orders.short_id as varchar) as short_id,
    cast(orders.status as varchar) as status,
    cast(orders.seller_id as bigint) as seller_id,
    cast(orders.customer_id as bigint) as customer_id,
    cast(orders.customer_name as varchar) as customer_name,
    cast(orders.currency as varchar) as currency,
    cast(orders.is_sale as boolean) as is_sale,
    cast(orders.is_billed as boolean) as is_billed,
    cast(orders.total as decimal(38, 2)) as total,
    cast(orders.credits as decimal(38, 2)) as credits,
    -- Credits that the total does not net already.
    cast(case when decisions.is_credits_netted then 0 else orders.credits end as decimal(38, 2)) as deducted_credits,
    cast(orders.net_sales as decimal(38, 2)) as net_sales,
    cast(orders.paid as decimal(38, 2)) as paid,
    cast(coalesce(orders.implied_paid, 0) as decimal(38, 2)) as implied_paid,
    -- Open balance of a billed order, else 0.
    cast(case when orders.is_billed then orders.open_balance else 0 end as decimal(38, 2)) as open_balance
from orders
join decisions on decisions._company = orders._company
