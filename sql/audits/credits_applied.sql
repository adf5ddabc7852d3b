-- severity: warn
-- The credits that were used for an order are the credits that the order shows.
with
    applied as (
        select _company, applied_to as order_number, sum(amount) as amount
        from staging.credits
        where applied_to is not null and coalesce(status, '') <> 'cancelled'
        group by _company, applied_to
    ),
    orders as (select _company, order_number, short_id, credits from marts.fct_orders)
select
    coalesce(orders._company, applied._company) as _company,
    coalesce(orders.order_number, applied.order_number) as order_number,
    orders.short_id,
    orders.credits as order_credits,
    applied.amount as applied_credits
from orders
full join applied on applied._company = orders._company and applied.order_number = orders.order_number
where round(coalesce(orders.credits, 0), 2) <> round(coalesce(applied.amount, 0), 2)
