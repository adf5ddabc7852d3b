-- One row per live order that has payments. Those in another currency than the order's do not count.
with
    orders as (select * from staging.orders_received),
    payments as (select * from staging.order_payments),
    marked as (
        select
            payments.*,
            coalesce(payments.currency, orders.currency) is not distinct from orders.currency as is_in_currency
        from payments
        join orders on orders._company = payments._company and orders.order_number = payments.order_number
    )
select
    _company,
    order_number,
    count(*) as payment_rows,
    sum(case when is_in_currency and payment_date <= getvariable('as_of') then amount end) as paid,
    sum(case when is_in_currency and payment_date > getvariable('as_of') then amount end) as paid_later,
    max(case when is_in_currency and payment_date <= getvariable('as_of') then payment_date end) as last_payment_date
from marked
group by _company, order_number
