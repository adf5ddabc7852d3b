-- One row per seller, customer and currency with an open order or an order that is accepted but not yet shipped.
with
    open_orders as (select * from marts.ar_aging),
    balances as (select * from intermediate.order_balances),
    customers as (select * from staging.customers),
    aged as (
        select
            _company,
            seller_id,
            customer_id,
            currency,
            max(customer_name) as customer_name,
            count(*) as open_orders,
            sum(case when bucket = 'current' then open_balance else 0 end) as current_amount,
            sum(case when bucket = '1_30' then open_balance else 0 end) as days_1_30,
            sum(case when bucket = '31_60' then open_balance else 0 end) as days_31_60,
            sum(case when bucket = '61_90' then open_balance else 0 end) as days_61_90,
            sum(case when bucket = '91_120' then open_balance else 0 end) as days_91_120,
            sum(case when bucket = 'over_120' then open_balance else 0 end) as days_over_120,
            sum(case when bucket = 'no_due_date' then open_balance else 0 end) as no_due_date,
            sum(case when bucket = 'unapplied_credit' then open_balance else 0 end) as unapplied_credit,
            sum(open_balance) as open_net,
            sum(case when open_balance > 0 and due_date is not null then open_balance else 0 end) as dated_balance,
            sum(case when open_balance > 0 then open_balance * days_past_due else 0 end) as dated_balance_days,
            min(case when open_balance > 0 then due_date end) as oldest_due_date
        from open_orders
        group by _company, seller_id, customer_id, currency
    ),
    committed as (
        select
            _company,
            seller_id,
            customer_id,
            currency,
            max(customer_name) as customer_name,
            sum(open_balance) as committed_exposure
        from balances
        where is_committed
        group by _company, seller_id, customer_id, currency
    ),
    settled as (
        select
            _company,
            seller_id,
            customer_id,
            currency,
            count(*) as settled_orders,
            sum(date_diff('day', invoice_date, settled_date)) as settled_days
        from balances
        where is_receivable and open_balance <= 0 and settled_date is not null
        group by _company, seller_id, customer_id, currency
    ),
    grain as (
        select _company, seller_id, customer_id, currency from aged
        union
        select _company, seller_id, customer_id, currency from committed
    ),
    joined as (
        select
            grain._company,
            grain.seller_id,
            grain.customer_id,
            grain.currency,
            coalesce(customers.customer_name, aged.customer_name, committed.customer_name) as customer_name,
            coalesce(aged.open_orders, 0) as open_orders,
            coalesce(aged.current_amount, 0) as current_amount,
            coalesce(aged.days_1_30, 0) as days_1_30,
            coalesce(aged.days_31_60, 0) as days_31_60,
            coalesce(aged.days_61_90, 0) as days_61_90,
            coalesce(aged.days_91_120, 0) as days_91_120,
            coalesce(aged.days_over_120, 0) as days_over_120,
            coalesce(aged.no_due_date, 0) as no_due_date,
            coalesce(aged.unapplied_credit, 0) as unapplied_credit,
            coalesce(aged.open_net, 0) as open_net,
            coalesce(committed.committed_exposure, 0) as committed_exposure,
            coalesce(aged.dated_balance, 0) as dated_balance,
            coalesce(aged.dated_balance_days, 0) as dated_balance_days,
            cast(coalesce(aged.dated_balance, 0) * 100 as hugeint) as dated_cents,
            cast(coalesce(aged.dated_balance_days, 0) * 100 as hugeint) as dated_cent_days,
            coalesce(settled.settled_orders, 0) as settled_orders,
            cast(coalesce(settled.settled_days, 0) as hugeint) as settled_days,
            aged.oldest_due_date
        from grain
        left join aged
            on aged._company = grain._company
            and aged.seller_id is not distinct from grain.seller_id
            and aged.customer_id is not distinct from grain.customer_id
            and aged.currency is not distinct from grain.currency
        left join committed
            on committed._company = grain._company
            and committed.seller_id is not distinct from grain.seller_id
            and committed.customer_id is not distinct from grain.customer_id
            and committed.currency is not distinct from grain.currency
        left join settled
            on settled._company = grain._company
            and settled.seller_id is not distinct from grain.seller_id
            and settled.customer_id is not distinct from grain.customer_id
            and settled.currency is not distinct from grain.currency
        left join customers
            on customers._company = grain._company and customers.customer_id = grain.customer_id
    )
select
    cast(_company as varchar) as _company,  -- Company of the configuration that the orders belong to.
    cast(seller_id as bigint) as seller_id,  -- Selling company.
    cast(customer_id as bigint) as customer_id,  -- The seller's customer record.
    cast(customer_name as varchar) as customer_name,  -- Nickname of the customer, else its name.
    cast(currency as varchar) as currency,  -- Currency of every amount in the row.
    cast(open_orders as bigint) as open_orders,  -- How many orders are open.
    cast(current_amount as decimal(38, 2)) as current,  -- Open and not yet past due.
    cast(days_1_30 as decimal(38, 2)) as days_1_30,  -- Open, 1 to 30 days past due.
    cast(days_31_60 as decimal(38, 2)) as days_31_60,  -- Open, 31 to 60 days past due.
    cast(days_61_90 as decimal(38, 2)) as days_61_90,  -- Open, 61 to 90 days past due.
    cast(days_91_120 as decimal(38, 2)) as days_91_120,  -- Open, 91 to 120 days past due.
    cast(days_over_120 as decimal(38, 2)) as days_over_120,  -- Open, more than 120 days past due.
    cast(no_due_date as decimal(38, 2)) as no_due_date,  -- Open, with no due date known.
    cast(unapplied_credit as decimal(38, 2)) as unapplied_credit,  -- Overpaid orders, as a negative amount.
    cast(open_net as decimal(38, 2)) as open_net,  -- Sum of all buckets.
    -- What is left to pay of orders accepted but not yet shipped (Accepted, Backorder, Fulfilled), created by as_of.
    cast(committed_exposure as decimal(38, 2)) as committed_exposure,
    -- Days past due (negative before the due date) of open orders with a due date, weighted by their balance.
    cast(
        cast(
            (20000 * dated_cent_days + sign(dated_cent_days) * dated_cents) // nullif(2 * dated_cents, 0)
            as decimal(38, 0)
        ) * 0.0001 as decimal(38, 4)
    ) as weighted_average_days_past_due,
    cast(dated_balance_days as decimal(38, 2)) as balance_days_past_due,  -- Its numerator: sum of balance x days.
    cast(dated_balance as decimal(38, 2)) as balance_with_due_date,  -- Its denominator: sum of those balances.
    -- Days from invoice_date to the last payment (or to the tick as paid), over billed orders settled by as_of.
    cast(
        cast(
            (20000 * settled_days + sign(settled_days) * settled_orders) // nullif(2 * settled_orders, 0)
            as decimal(38, 0)
        ) * 0.0001 as decimal(38, 4)
    ) as average_days_to_pay,
    cast(settled_days as bigint) as settled_days,  -- Its numerator: the sum of those days.
    cast(settled_orders as bigint) as settled_orders,  -- Its denominator: how many orders are settled.
    cast(oldest_due_date as date) as oldest_due_date,  -- Earliest due date among the orders with a balance to pay.
    cast(getvariable('as_of') as date) as as_of  -- The date that the row is computed for.
from joined
