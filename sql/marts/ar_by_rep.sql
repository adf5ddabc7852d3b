-- One row per seller, rep and currency: the open balances, shared over the reps of each order in whole cents.
-- key: _company, seller_id, rep_id, currency
-- needs: orders_received, line_items, products, order_payments, customers
with
    open_orders as (select * from marts.ar_aging),
    shares as (select * from marts.orders_assigned),
    shared as (
        select
            open_orders._company,
            open_orders.seller_id,
            shares.rep_id,
            shares.rep_name,
            open_orders.customer_id,
            open_orders.currency,
            open_orders.bucket,
            open_orders.days_past_due,
            open_orders.due_date,
            shares.open_share
        from open_orders
        join shares on shares._company = open_orders._company and shares.order_number = open_orders.order_number
    ),
    aged as (
        select
            _company,
            seller_id,
            rep_id,
            currency,
            max(rep_name) as rep_name,
            sum(case when bucket = 'current' then open_share else 0 end) as current_amount,
            sum(case when bucket = '1_30' then open_share else 0 end) as days_1_30,
            sum(case when bucket = '31_60' then open_share else 0 end) as days_31_60,
            sum(case when bucket = '61_90' then open_share else 0 end) as days_61_90,
            sum(case when bucket = '91_120' then open_share else 0 end) as days_91_120,
            sum(case when bucket = 'over_120' then open_share else 0 end) as days_over_120,
            sum(case when bucket = 'no_due_date' then open_share else 0 end) as no_due_date,
            sum(case when bucket <> 'unapplied_credit' then open_share else 0 end) as open_gross,
            sum(case when bucket = 'unapplied_credit' then open_share else 0 end) as unapplied_credit,
            sum(open_share) as open_net,
            sum(case when bucket <> 'unapplied_credit' and days_past_due >= 1 then open_share else 0 end) as past_due,
            sum(case when bucket <> 'unapplied_credit' and days_past_due >= 61 then open_share else 0 end) as over_60,
            count(*) as order_count,
            count(distinct case when bucket <> 'unapplied_credit' then customer_id end) as customers,
            min(case when bucket <> 'unapplied_credit' then due_date end) as oldest_due_date
        from shared
        group by _company, seller_id, rep_id, currency
    ),
    scaled as (
        select
            *,
            cast(past_due * 100 as hugeint) as past_due_cents,
            cast(open_gross * 100 as hugeint) as gross_cents
        from aged
    )
select
    cast(_company as varchar) as _company,  -- Company of the configuration that the orders belong to.
    cast(seller_id as bigint) as seller_id,  -- Selling company.
    cast(rep_id as bigint) as rep_id,  -- Member of staff on the orders; null for orders without one.
    cast(rep_name as varchar) as rep_name,  -- Name of the rep in the staff list, else on the order; personal data.
    cast(currency as varchar) as currency,  -- Currency of every amount in the row.
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
    cast(over_60 as decimal(38, 2)) as over_60,  -- Open above zero, 61 days past due or more.
    cast(order_count as bigint) as orders,  -- How many open orders the rep is on.
    cast(customers as bigint) as customers,  -- How many customers have a balance above zero on them.
    cast(
        cast(
            (20000 * past_due_cents + case when past_due_cents < 0 then -abs(gross_cents) else abs(gross_cents) end)
            // nullif(2 * gross_cents, 0)
            as decimal(38, 0)
        ) * 0.0001 as decimal(38, 4)
    ) as past_due_share,  -- past_due / open_gross.
    cast(oldest_due_date as date) as oldest_due_date,  -- Earliest due date among the balances above zero.
    cast(getvariable('as_of') as date) as as_of  -- The date that the row is computed for.
from scaled
