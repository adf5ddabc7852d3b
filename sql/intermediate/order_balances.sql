-- One row per order that stands on the books as of the date: billed (receivable status, invoiced by then), or committed
-- (accepted but not yet shipped, created by then). Payments in another currency than the order's do not count.
with
    orders as (select * from staging.orders_received),
    payments as (select * from staging.order_payments),
    decisions as (select * from intermediate.company_decisions),
    due_dates as (select * from intermediate.due_dates),
    standing as (
        select *
        from orders
        where (is_receivable and invoice_date <= getvariable('as_of'))
            or (is_committed and created_date <= getvariable('as_of'))
    ),
    paid as (
        select
            standing._company,
            standing.order_number,
            count(*) as payment_rows,
            sum(
                case
                    when payments.payment_date <= getvariable('as_of')
                        and coalesce(payments.currency, standing.currency) is not distinct from standing.currency
                        then payments.amount
                end
            ) as paid,
            sum(
                case
                    when payments.payment_date > getvariable('as_of')
                        and coalesce(payments.currency, standing.currency) is not distinct from standing.currency
                        then payments.amount
                end
            ) as paid_later,
            max(
                case
                    when payments.payment_date <= getvariable('as_of')
                        and coalesce(payments.currency, standing.currency) is not distinct from standing.currency
                        then payments.payment_date
                end
            ) as last_payment_date
        from standing
        join payments on payments._company = standing._company and payments.order_number = standing.order_number
        group by standing._company, standing.order_number
    ),
    owed as (
        select
            standing.*,
            due_dates.due_date,
            due_dates.due_basis,
            due_dates.term_days,
            decisions.is_credits_netted,
            coalesce(standing.total_amount, 0)
            - case when decisions.is_credits_netted then 0 else standing.credits end as owed_amount,
            coalesce(paid.paid, 0) as paid,
            coalesce(paid.paid_later, 0) as payments_after_as_of,
            paid.last_payment_date,
            coalesce(standing.paid_date, standing.modified_date) as ticked_date,
            coalesce(
                standing.is_ticked_paid
                and paid.payment_rows is null
                and coalesce(standing.paid_date, standing.modified_date) <= getvariable('as_of'),
                false
            ) as is_implied_paid
        from standing
        left join paid on paid._company = standing._company and paid.order_number = standing.order_number
        join due_dates on due_dates._company = standing._company and due_dates.order_number = standing.order_number
        join decisions on decisions._company = standing._company
    )
select
    *,
    case when is_implied_paid then owed_amount else 0 end as implied_paid,
    cast(round(owed_amount - paid - case when is_implied_paid then owed_amount else 0 end, 2) as decimal(38, 2))
        as open_balance,
    case when is_implied_paid then ticked_date else last_payment_date end as settled_date
from owed
