-- One row per live order: what is billed, paid and open of it as of the date. These are null unless it stands on the
-- books: billed (receivable status, invoiced by then), or committed (accepted but not yet shipped, ordered by then). An
-- order without a date is neither.
with
    orders as (select * from staging.orders_received),
    payments as (select * from intermediate.order_payments),
    decisions as (select * from intermediate.company_decisions),
    owed as (
        select
            orders._company,
            orders.order_number,
            coalesce(orders.is_receivable and orders.invoice_date <= getvariable('as_of'), false) as is_billed,
            coalesce(orders.is_committed and orders.order_date <= getvariable('as_of'), false) as is_standing_committed,
            cast(
                round(
                    coalesce(orders.total_amount, 0)
                    - case when decisions.is_credits_netted then 0 else orders.credits end,
                    2
                ) as decimal(38, 2)
            ) as billed,
            cast(round(coalesce(payments.paid, 0), 2) as decimal(38, 2)) as paid,
            cast(round(coalesce(payments.paid_later, 0), 2) as decimal(38, 2)) as payments_after_as_of,
            payments.last_payment_date,
            decisions.is_credits_netted,
            orders.is_ticked_paid and payments.payment_rows is null as is_ticked_alone,
            coalesce(orders.paid_date, orders.modified_date) as ticked_date
        from orders
        left join payments on payments._company = orders._company and payments.order_number = orders.order_number
        join decisions on decisions._company = orders._company
    ),
    ticked as (
        select
            *,
            is_billed or is_standing_committed as is_standing,
            is_ticked_alone and coalesce(ticked_date <= getvariable('as_of'), false) as is_implied_paid
        from owed
    )
select
    _company,
    order_number,
    is_billed,  -- Receivable, and invoiced on or before as_of.
    is_standing_committed,  -- Committed, and ordered on or before as_of.
    is_credits_netted,
    is_ticked_alone,  -- Ticked as paid without any payment row.
    ticked_date,  -- Local date of paid_date, else of the last change.
    is_implied_paid,  -- Counts as paid because it is ticked alone, on or before as_of.
    paid,  -- Sum of the counted payments, rounded to cents.
    payments_after_as_of,  -- Sum of the payments dated after as_of, rounded to cents.
    last_payment_date,
    -- Total - credits (total alone where totals net their credits), whether it stands on the books or not.
    billed as amount_to_bill,
    case when is_standing then billed end as billed,  -- amount_to_bill of an order that stands on the books, else null.
    -- billed where it counts as paid, else 0; null unless it stands on the books.
    case when is_standing then case when is_implied_paid then billed else 0 end end as implied_paid,
    -- billed - paid - implied_paid; null unless it stands on the books.
    case when is_standing then billed - paid - case when is_implied_paid then billed else 0 end end as open_balance,
    -- The ticked date where it counts as paid, else the last payment; null unless it stands on the books.
    case when is_standing then case when is_implied_paid then ticked_date else last_payment_date end end as settled_date
from ticked
