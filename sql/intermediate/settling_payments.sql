-- One row per receivable order and day of its payments, in the order's currency (or in none), whatever the day.
with
    payments as (select * from staging.order_payments),
    orders as (select * from staging.orders_received where is_receivable)
select
    payments._company,
    payments.order_number,
    payments.payment_date,
    sum(payments.amount) as amount  -- Sum of the payments of the day.
from payments
join orders on orders._company = payments._company and orders.order_number = payments.order_number
where payments.payment_date is not null
    and coalesce(payments.currency, orders.currency) is not distinct from orders.currency
group by payments._company, payments.order_number, payments.payment_date
