-- One row per seller, currency, day to look ahead from and week: the cash to expect from each customer's own habit, and
-- for days in the past what came. Week 0 is for what falls in none of the eight weeks.
-- key: _company, seller_id, currency, origin, week
-- needs: orders_received, line_items, products, order_payments, customers
with
    origins as (select * from intermediate.forecast_origins),
    orders as (select * from marts.fct_orders where is_billed),
    balances as (select * from intermediate.balances_by_day where open_balance > 0),
    habits as (select * from intermediate.payment_habits),
    payments as (select * from intermediate.settling_payments),
    ticks as (select * from intermediate.order_balances where is_ticked_alone and ticked_date is not null),
    weeks as (select unnest([0, 1, 2, 3, 4, 5, 6, 7, 8]) as week),
    starts as (
        select _company, seller_id, currency, min(invoice_date) as first_date
        from orders
        group by _company, seller_id, currency
    ),
    grain as (
        select
            starts._company,
            starts.seller_id,
            starts.currency,
            origins.origin,
            origins.as_of,
            weeks.week,
            cast(origins.origin + (7 * weeks.week - 6) as date) as week_start,
            cast(origins.origin + 7 * weeks.week as date) as week_end
        from starts
        join origins on origins.origin >= starts.first_date
        cross join weeks
    ),
    open_orders as (
        select balances.*, balances.day as origin
        from balances
        join origins on origins.origin = balances.day
    ),
    placed as (
        select
            open_orders._company,
            open_orders.seller_id,
            open_orders.currency,
            open_orders.origin,
            open_orders.due_date,
            open_orders.open_balance,
            open_orders.invoice_date
                + case when own.orders >= 5 then own.early_days else sellers.early_days end as early_date,
            open_orders.invoice_date
                + case when own.orders >= 5 then own.middle_days else sellers.middle_days end as middle_date,
            open_orders.invoice_date
                + case when own.orders >= 5 then own.late_days else sellers.late_days end as late_date
        from open_orders
        left join habits as own
            on own.is_own
            and own._company = open_orders._company
            and own.seller_id is not distinct from open_orders.seller_id
            and own.currency is not distinct from open_orders.currency
            and own.customer_id is not distinct from open_orders.customer_id
            and own.origin = open_orders.origin
        left join habits as sellers
            on not sellers.is_own
            and sellers._company = open_orders._company
            and sellers.seller_id is not distinct from open_orders.seller_id
            and sellers.currency is not distinct from open_orders.currency
            and sellers.origin = open_orders.origin
    ),
    moved as (  -- a date that is over moves to the next one; without a late date to come there is none
        select
            *,
            case
                when late_date is null or late_date <= origin then null
                when early_date > origin then early_date
                when middle_date > origin then middle_date
                when late_date > origin then late_date
            end as early_day,
            case
                when late_date is null or late_date <= origin then null
                when middle_date > origin then middle_date
                when late_date > origin then late_date
            end as middle_day,
            case when late_date > origin then late_date end as late_day
        from placed
    ),
    entries as (
        select _company, seller_id, currency, origin, 'due' as kind, due_date as day, open_balance as amount from moved
        union all
        select _company, seller_id, currency, origin, 'early' as kind, early_day as day, open_balance as amount
        from moved
        union all
        select _company, seller_id, currency, origin, 'middle' as kind, middle_day as day, open_balance as amount
        from moved
        union all
        select _company, seller_id, currency, origin, 'late' as kind, late_day as day, open_balance as amount from moved
        union all
        select
            open_orders._company,
            open_orders.seller_id,
            open_orders.currency,
            open_orders.origin,
            'received' as kind,
            payments.payment_date as day,
            payments.amount
        from open_orders
        join payments on payments._company = open_orders._company and payments.order_number = open_orders.order_number
        where payments.payment_date > open_orders.origin
        union all
        select
            open_orders._company,
            open_orders.seller_id,
            open_orders.currency,
            open_orders.origin,
            'received' as kind,
            ticks.ticked_date as day,
            ticks.amount_to_bill as amount
        from open_orders
        join ticks on ticks._company = open_orders._company and ticks.order_number = open_orders.order_number
        where ticks.ticked_date > open_orders.origin
    ),
    numbered as (
        select
            *,
            case
                when date_diff('day', origin, day) between 1 and 56 then (date_diff('day', origin, day) + 6) // 7
                else 0
            end as week
        from entries
    ),
    summed as (
        select
            _company,
            seller_id,
            currency,
            origin,
            week,
            sum(case when kind = 'due' then amount else 0 end) as due,
            sum(case when kind = 'early' then amount else 0 end) as early,
            sum(case when kind = 'middle' then amount else 0 end) as expected,
            sum(case when kind = 'late' then amount else 0 end) as late,
            sum(case when kind = 'received' then amount else 0 end) as received
        from numbered
        group by _company, seller_id, currency, origin, week
    ),
    running as (  -- week 0 stands apart from the sums of the weeks
        select
            grain.*,
            coalesce(summed.due, 0) as due,
            coalesce(summed.expected, 0) as expected,
            case when grain.week > 0 then sum(coalesce(summed.expected, 0)) over to_date end as expected_total,
            case when grain.week > 0 then sum(coalesce(summed.late, 0)) over to_date end as low_total,
            case when grain.week > 0 then sum(coalesce(summed.early, 0)) over to_date end as high_total,
            case
                when grain.week > 0 and grain.week_end <= grain.as_of
                    then cast(round(sum(coalesce(summed.received, 0)) over to_date, 2) as decimal(38, 2))
            end as received_total
        from grain
        left join summed
            on summed._company = grain._company
            and summed.seller_id is not distinct from grain.seller_id
            and summed.currency is not distinct from grain.currency
            and summed.origin = grain.origin
            and summed.week = grain.week
        window to_date as (
            partition by grain._company, grain.seller_id, grain.currency, grain.origin, grain.week > 0
            order by grain.week
        )
    ),
    judged as (
        select
            *,
            case when received_total is not null then low_total <= received_total and received_total <= high_total end
                as is_inside,
            received_total is not null and (received_total <> 0 or high_total <> 0) as is_judged
        from running
    ),
    counted as (
        select
            *,
            cast(
                count(case when is_judged and is_inside then 1 end) over (partition by _company, seller_id, currency)
                as hugeint
            ) as inside,
            cast(
                count(case when is_judged then 1 end) over (partition by _company, seller_id, currency) as hugeint
            ) as judged
        from judged
    )
select
    cast(_company as varchar) as _company,  -- Company of the configuration that the orders belong to.
    cast(seller_id as bigint) as seller_id,  -- Selling company.
    cast(currency as varchar) as currency,  -- Currency of every amount in the row.
    cast(origin as date) as origin,  -- Day to look ahead from: as_of, or one of the six month ends before it.
    cast(week as integer) as week,  -- 1 to 8; 0 for what falls in none of these.
    cast(week_start as date) as week_start,  -- origin + 7 x week - 6.
    cast(week_end as date) as week_end,  -- origin + 7 x week.
    cast(due as decimal(38, 2)) as due,  -- Open balances above zero that fall due in the week.
    cast(expected as decimal(38, 2)) as expected,  -- Those that the middle of the customer's habit puts in the week.
    cast(expected_total as decimal(38, 2)) as expected_total,  -- Sum of expected from week 1 to this; null in week 0.
    cast(low_total as decimal(38, 2)) as low_total,  -- The same by the late side of the habit.
    cast(high_total as decimal(38, 2)) as high_total,  -- The same by the early side of the habit.
    -- Payments and ticks on these orders in that time; null until it is over.
    cast(received_total as decimal(38, 2)) as received_total,
    cast(is_inside as boolean) as is_inside,  -- Whether low_total <= received_total <= high_total.
    -- Of the rows of the seller and currency with a received_total, and it or high_total not 0, the part inside.
    cast(
        cast(
            (20000 * inside + case when inside < 0 then -abs(judged) else abs(judged) end) // nullif(2 * judged, 0)
            as decimal(38, 0)
        ) * 0.0001 as decimal(38, 4)
    ) as coverage,
    cast(getvariable('as_of') as date) as as_of  -- The date that the row is computed for.
from counted
