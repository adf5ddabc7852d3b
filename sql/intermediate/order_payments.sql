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
    count(*) as payment_rows,  -- Payments of the order, in any currency and on any day.
    -- Sum of the payments in the order's currency, or in none, dated on or before as_of; null without any.
    sum(case when is_in_currency and payment_date <= getvariable('as_of') then amount end) as paid,
    -- Sum of those dated after as_of.
    sum(case when is_in_currency and payment_date > getvariable('as_of') then amount end) as paid_later,
    -- Latest local date of a counted payment.
    max(case when is_in_currency and payment_date <= getvariable('as_of') then payment_date end) as last_payment_date
from marked
group by _company, order_number
