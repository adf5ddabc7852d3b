-- severity: warn
-- What is open of a billed order, counting every payment known, is the payment_balance that LeafLink gives. Orders
-- ticked paid after as_of without a payment are left out.
with
    orders as (select * from marts.fct_orders where is_billed),
    balances as (select * from intermediate.order_balances)
select
    orders._company,
    orders.order_number,
    orders.short_id,
    orders.open_balance,
    balances.payments_after_as_of,
    orders.reported_balance,
    orders.open_balance - balances.payments_after_as_of - orders.reported_balance as gap
from orders
join balances on balances._company = orders._company and balances.order_number = orders.order_number
where orders.open_balance - balances.payments_after_as_of <> orders.reported_balance
    and not (balances.is_ticked_alone and not balances.is_implied_paid and balances.ticked_date > getvariable('as_of'))
