-- severity: warn
-- What is open of a billed order, counting every payment known, is the payment_balance that LeafLink gives. Orders
-- ticked paid after as_of without a payment are left out.
select
    _company,
    order_number,
    open_balance,
    payments_after_as_of,
    payment_balance as reported_balance,
    round(open_balance - payments_after_as_of - payment_balance, 2) as gap
from intermediate.order_balances
where is_receivable
    and round(open_balance - payments_after_as_of - payment_balance, 2) <> 0
    and not (is_ticked_paid and not is_implied_paid and ticked_date > getvariable('as_of'))
