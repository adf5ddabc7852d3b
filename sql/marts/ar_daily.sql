-- One row per seller, currency and day: receivables at the close of days that a load recorded, and of every month end.
-- key: _company, seller_id, currency, day
-- needs: orders_received, line_items, products, order_payments, customers
with
    carried as (
        select *
        from previous.ar_daily
        where history_basis = 'recorded'
            and not (day = getvariable('as_of') and getvariable('as_of') = getvariable('last_day'))
    ),
    orders as (select * from marts.fct_orders where is_billed),
    open_orders as (select * from marts.ar_aging),
    balances as (select * from intermediate.balances_by_day),
    month_ends as (select date as day from marts.dim_date where date = month_end and date <= as_of),
    starts as (
        select _company, seller_id, currency, min(invoice_date) as first_date
        from orders
        group by _company, seller_id, currency
    ),
    closes as (
        select _company, seller_id, currency, cast(getvariable('as_of') as date) as day, 'recorded' as history_basis
        from starts
        where getvariable('as_of') = getvariable('last_day')
        union all
        select starts._company, starts.seller_id, starts.currency, month_ends.day, 'computed' as history_basis
        from starts
        join month_ends on month_ends.day >= starts.first_date
        where not (month_ends.day = getvariable('as_of') and getvariable('as_of') = getvariable('last_day'))
    ),
    wanted as (
        select closes.*
        from closes
        left join carried
            on carried._company = closes._company
            and carried.seller_id is not distinct from closes.seller_id
            and carried.currency is not distinct from closes.currency
            and carried.day = closes.day
        where carried.day is null
    ),
    bucketed as (
        select
            'recorded' as history_basis,
            _company,
            seller_id,
            customer_id,
            currency,
            cast(getvariable('as_of') as date) as day,
            days_past_due,
            open_balance,
            bucket
        from open_orders
        union all
        select
            'computed' as history_basis,
            _company,
            seller_id,
            customer_id,
            currency,
            day,
            days_past_due,
            open_balance,
            case
                when open_balance < 0 then 'unapplied_credit'
                when days_past_due is null then 'no_due_date'
                when days_past_due <= 0 then 'current'
                when days_past_due <= 30 then '1_30'
                when days_past_due <= 60 then '31_60'
                when days_past_due <= 90 then '61_90'
                when days_past_due <= 120 then '91_120'
                else 'over_120'
            end as bucket
        from balances
    ),
    aged as (
        select
            history_basis,
            _company,
            seller_id,
            currency,
            day,
            count(*) as open_orders,
            count(distinct case when bucket <> 'unapplied_credit' then customer_id end) as customers,
            sum(case when bucket = 'current' then open_balance else 0 end) as current_amount,
            sum(case when bucket = '1_30' then open_balance else 0 end) as days_1_30,
            sum(case when bucket = '31_60' then open_balance else 0 end) as days_31_60,
            sum(case when bucket = '61_90' then open_balance else 0 end) as days_61_90,
            sum(case when bucket = '91_120' then open_balance else 0 end) as days_91_120,
            sum(case when bucket = 'over_120' then open_balance else 0 end) as days_over_120,
            sum(case when bucket = 'no_due_date' then open_balance else 0 end) as no_due_date,
            sum(case when bucket <> 'unapplied_credit' then open_balance else 0 end) as open_gross,
            sum(case when bucket = 'unapplied_credit' then open_balance else 0 end) as unapplied_credit,
            sum(open_balance) as open_net,
            sum(case when bucket <> 'unapplied_credit' and days_past_due >= 1 then open_balance else 0 end) as past_due
        from bucketed
        group by history_basis, _company, seller_id, currency, day
    ),
    rows_of_days as (
        select
            wanted._company,
            wanted.seller_id,
            wanted.currency,
            wanted.day,
            coalesce(aged.current_amount, 0) as current_amount,
            coalesce(aged.days_1_30, 0) as days_1_30,
            coalesce(aged.days_31_60, 0) as days_31_60,
            coalesce(aged.days_61_90, 0) as days_61_90,
            coalesce(aged.days_91_120, 0) as days_91_120,
            coalesce(aged.days_over_120, 0) as days_over_120,
            coalesce(aged.no_due_date, 0) as no_due_date,
            coalesce(aged.open_gross, 0) as open_gross,
            coalesce(aged.unapplied_credit, 0) as unapplied_credit,
            coalesce(aged.open_net, 0) as open_net,
            coalesce(aged.past_due, 0) as past_due,
            coalesce(aged.open_orders, 0) as open_orders,
            coalesce(aged.customers, 0) as customers,
            case when wanted.history_basis = 'recorded' then getvariable('run_id') end as run_id,
            wanted.history_basis
        from wanted
        left join aged
            on aged._company = wanted._company
            and aged.seller_id is not distinct from wanted.seller_id
            and aged.currency is not distinct from wanted.currency
            and aged.day = wanted.day
            and aged.history_basis = wanted.history_basis
        union all
        select
            _company,
            seller_id,
            currency,
            day,
            current as current_amount,
            days_1_30,
            days_31_60,
            days_61_90,
            days_91_120,
            days_over_120,
            no_due_date,
            open_gross,
            unapplied_credit,
            open_net,
            past_due,
            open_orders,
            customers,
            run_id,
            history_basis
        from carried
    )
select
    cast(_company as varchar) as _company,  -- Company of the configuration that the orders belong to.
    cast(seller_id as bigint) as seller_id,  -- Selling company.
    cast(currency as varchar) as currency,  -- Currency of every amount in the row.
    cast(day as date) as day,  -- The day at whose close receivables stood so.
    cast(current_amount as decimal(38, 2)) as current,  -- Open above zero and not yet past due.
    cast(days_1_30 as decimal(38, 2)) as days_1_30,  -- Open above zero, 1 to 30 days past due.
    cast(days_31_60 as decimal(38, 2)) as days_31_60,  -- Open above zero, 31 to 60 days past due.
    cast(days_61_90 as decimal(38, 2)) as days_61_90,  -- Open above zero, 61 to 90 days past due.
    cast(days_91_120 as decimal(38, 2)) as days_91_120,  -- Open above zero, 91 to 120 days past due.
    cast(days_over_120 as decimal(38, 2)) as days_over_120,  -- Open above zero, more than 120 days past due.
    cast(no_due_date as decimal(38, 2)) as no_due_date,  -- Open above zero, without a due date.
    cast(open_gross as decimal(38, 2)) as open_gross,  -- Sum of the open balances above zero.
    cast(unapplied_credit as decimal(38, 2)) as unapplied_credit,  -- Sum of the open balances below zero.
    cast(open_net as decimal(38, 2)) as open_net,  -- open_gross and unapplied_credit together.
    cast(past_due as decimal(38, 2)) as past_due,  -- Open above zero, 1 day past due or more.
    cast(open_orders as bigint) as open_orders,  -- How many orders were open.
    cast(customers as bigint) as customers,  -- How many customers had a balance above zero.
    cast(run_id as varchar) as run_id,  -- Load that recorded the close; null for a computed one.
    -- recorded: as the load of that day published it. computed: from today's status, totals and credits, with payments
    -- as they are dated.
    cast(history_basis as varchar) as history_basis
from rows_of_days
