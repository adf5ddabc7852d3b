-- severity: warn
-- A billed order that its payments cover is ticked paid, or LeafLink says that nothing is open; one that is ticked paid
-- has payments that cover it, or none at all.
with
    orders as (select * from marts.fct_orders where is_billed and billed > 0),
    ticks as (select _company, order_number, is_ticked_paid from staging.orders_received),
    balances as (select * from intermediate.order_balances),
    compared as (
        select
            orders._company,
            orders.order_number,
            orders.short_id,
            ticks.is_ticked_paid,
            orders.reported_balance,
            orders.paid + balances.payments_after_as_of as paid_whenever,
            orders.open_balance - balances.payments_after_as_of as open_with_all_payments
        from orders
        join ticks on ticks._company = orders._company and ticks.order_number = orders.order_number
        join balances on balances._company = orders._company and balances.order_number = orders.order_number
    )
select *
from compared
where (not is_ticked_paid and open_with_all_payments <= 0 and coalesce(reported_balance, 1) > 0)
    or (is_ticked_paid and paid_whenever <> 0 and open_with_all_payments > 0)
