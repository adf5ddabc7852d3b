-- One row per live order with an open balance at the close of a day: of as_of, or of a month end before it, from
-- today's status, total and credits (see balance_periods).
with
    periods as (select * from intermediate.balance_periods),
    orders as (select * from staging.orders_received where is_receivable),
    due_dates as (select * from intermediate.due_dates),
    days as (
        select distinct case when month_end < as_of then month_end else as_of end as day
        from marts.dim_date
        where date <= as_of
    )
select
    orders._company,
    orders.order_number,
    orders.seller_id,
    orders.customer_id,
    orders.currency,
    days.day,  -- The close: as_of, or a month end before it.
    orders.invoice_date,
    due_dates.due_date,
    date_diff('day', due_dates.due_date, days.day) as days_past_due,  -- day - due_date; negative before it is due.
    periods.open_balance
from periods
join days on periods.from_date <= days.day and (periods.to_date is null or days.day < periods.to_date)
join orders on orders._company = periods._company and orders.order_number = periods.order_number
left join due_dates on due_dates._company = periods._company and due_dates.order_number = periods.order_number
