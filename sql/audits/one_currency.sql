-- severity: warn
-- An order, its lines and its payments are in one currency. Others are kept apart: they take no part in the order's
-- discount and do not reduce its balance.
with
    found as (
        select _company, order_number, 'line' as what, cast(line_id as varchar) as key, currency
        from intermediate.line_amounts
        union all
        select _company, order_number, 'payment' as what, cast(payment_id as varchar) as key, currency
        from staging.order_payments
    )
select found._company, found.order_number, orders.currency as order_currency, found.what, found.key, found.currency
from found
join staging.orders_received as orders
    on orders._company = found._company and orders.order_number = found.order_number
where found.currency is not null and found.currency is distinct from orders.currency
