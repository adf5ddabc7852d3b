-- One row per live order and period during which it is billed and its open balance stays the same: from `from_date` on,
-- up to `to_date` (null: ever since). Status, total and credits are today's, payments are as they are dated, so that a
-- day picks the receivables of its close. A day of today's status alone is not what was known then: the marts say so.
-- kind: view
with
    orders as (select * from staging.orders_received where is_receivable),
    balances as (select * from intermediate.order_balances),
    payments as (select * from intermediate.settling_payments),
    moves as (
        select
            orders._company,
            orders.order_number,
            orders.invoice_date as day,
            balances.amount_to_bill as owed,
            0 as paid
        from orders
        join balances on balances._company = orders._company and balances.order_number = orders.order_number
        union all
        select
            orders._company,
            orders.order_number,
            case when payments.payment_date > orders.invoice_date then payments.payment_date else orders.invoice_date end
                as day,
            0 as owed,
            coalesce(payments.amount, 0) as paid
        from payments
        join orders on orders._company = payments._company and orders.order_number = payments.order_number
        union all
        select
            orders._company,
            orders.order_number,
            case when balances.ticked_date > orders.invoice_date then balances.ticked_date else orders.invoice_date end
                as day,
            -balances.amount_to_bill as owed,
            0 as paid
        from orders
        join balances on balances._company = orders._company and balances.order_number = orders.order_number
        where balances.is_ticked_alone and balances.ticked_date is not null
    ),
    days as (
        select _company, order_number, day, sum(owed) as owed, sum(paid) as paid
        from moves
        where day is not null
        group by _company, order_number, day
    ),
    running as (  -- paid is rounded by itself, like the balances of as_of
        select
            _company,
            order_number,
            day as from_date,
            lead(day) over (partition by _company, order_number order by day) as to_date,
            sum(owed) over (partition by _company, order_number order by day) as owed,
            sum(paid) over (partition by _company, order_number order by day) as paid
        from days
    ),
    rounded as (
        select
            _company,
            order_number,
            from_date,
            to_date,
            cast(owed - round(paid, 2) as decimal(38, 2)) as open_balance
        from running
    )
select
    _company,
    order_number,
    from_date,  -- First day of the period.
    to_date,  -- First day after it; null while it lasts.
    open_balance  -- Open balance; never zero.
from rounded
where open_balance <> 0
