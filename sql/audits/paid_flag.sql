-- severity: warn
-- A billed order is ticked paid when its payments cover it, and not when they leave something open.
select
    _company,
    order_number,
    is_ticked_paid,
    open_balance - payments_after_as_of as open_with_all_payments
from intermediate.order_balances
where is_receivable
    and owed_amount > 0
    and (
        (not is_ticked_paid and open_balance - payments_after_as_of <= 0)
        or (is_ticked_paid and paid + payments_after_as_of <> 0 and open_balance - payments_after_as_of > 0)
    )
