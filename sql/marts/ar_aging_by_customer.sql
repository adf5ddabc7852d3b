-- One row per seller, customer and currency with an open order or an order that is accepted but not yet shipped.
-- key: _company, seller_id, customer_id, currency
-- needs: orders_received, line_items, products, order_payments, customers
with
    open_orders as (
        select *, cast(case when open_balance > 0 then open_balance * 100 else 0 end as hugeint) as cents
        from marts.ar_aging
    ),
    standing as (  -- billed, or committed by as_of
        select * from marts.fct_orders where open_balance is not null
    ),
    aged as (
        select
            _company,
            seller_id,
            customer_id,
            currency,
            count(*) as open_orders,
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
            sum(case when bucket <> 'unapplied_credit' and days_past_due >= 1 then open_balance else 0 end) as past_due,
            sum(case when is_stale then open_balance else 0 end) as stale,
            min(case when open_balance > 0 then due_date end) as oldest_due_date,
            sum(case when days_past_due is not null then cents else 0 end) as dated_cents,
            sum(cents * coalesce(days_past_due, 0)) as dated_cent_days
        from open_orders
        group by _company, seller_id, customer_id, currency
    ),
    accounts as (
        select
            _company,
            seller_id,
            customer_id,
            currency,
            case when customer_id is not null then max(customer_name) end as customer_name,
            count(case when is_committed then 1 end) as committed_orders,
            sum(case when is_committed then open_balance else 0 end) as committed_exposure,
            count(case when is_billed and open_balance <= 0 then settled_date end) as settled_orders,
            sum(
                case
                    when is_billed and open_balance <= 0
                        then coalesce(date_diff('day', invoice_date, settled_date), 0)
                    else 0
                end
            ) as settled_days
        from standing
        group by _company, seller_id, customer_id, currency
    ),
    joined as (
        select
            accounts.*,
            cast(accounts.settled_days as hugeint) as paying_days,
            coalesce(aged.open_orders, 0) as open_orders,
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
            coalesce(aged.stale, 0) as stale,
            coalesce(aged.dated_cents, 0) as dated_cents,
            coalesce(aged.dated_cent_days, 0) as dated_cent_days,
            aged.oldest_due_date
        from accounts
        left join aged
            on aged._company = accounts._company
            and aged.seller_id is not distinct from accounts.seller_id
            and aged.customer_id is not distinct from accounts.customer_id
            and aged.currency is not distinct from accounts.currency
        where aged.open_orders > 0 or accounts.committed_orders > 0
    )
select
    cast(_company as varchar) as _company,  -- Company of the configuration that the orders belong to.
    cast(seller_id as bigint) as seller_id,  -- Selling company.
    cast(customer_id as bigint) as customer_id,  -- The seller's record of a customer: a door.
    cast(customer_name as varchar) as customer_name,  -- Nickname of the customer, else its name, else the order's word.
    cast(currency as varchar) as currency,  -- Currency of every amount in the row.
    cast(current_amount as decimal(38, 2)) as current,  -- Open above zero and not yet past due.
    cast(days_1_30 as decimal(38, 2)) as days_1_30,  -- Open above zero, 1 to 30 days past due.
    cast(days_31_60 as decimal(38, 2)) as days_31_60,  -- Open above zero, 31 to 60 days past due.
    cast(days_61_90 as decimal(38, 2)) as days_61_90,  -- Open above zero, 61 to 90 days past due.
    cast(days_91_120 as decimal(38, 2)) as days_91_120,  -- Open above zero, 91 to 120 days past due.
    cast(days_over_120 as decimal(38, 2)) as days_over_120,  -- Open above zero, more than 120 days past due.
    cast(no_due_date as decimal(38, 2)) as no_due_date,  -- Open above zero, without a due date.
    cast(unapplied_credit as decimal(38, 2)) as unapplied_credit,  -- Sum of the open balances below zero.
    cast(open_net as decimal(38, 2)) as open_net,  -- open_gross and unapplied_credit together.
    cast(open_gross as decimal(38, 2)) as open_gross,  -- Sum of the open balances above zero.
    cast(past_due as decimal(38, 2)) as past_due,  -- Open above zero, 1 day past due or more.
    cast(open_orders as bigint) as open_orders,  -- How many orders are open.
    -- What is left to pay of orders accepted but not yet shipped (Accepted, Backorder, Fulfilled), created by as_of.
    cast(committed_exposure as decimal(38, 2)) as committed_exposure,
    cast(stale as decimal(38, 2)) as stale,  -- Open balances of stale orders: unpaid and invoiced over 180 days ago.
    cast(oldest_due_date as date) as oldest_due_date,  -- Earliest due date among the balances above zero.
    -- Days past due (negative before the due date) of dated balances above zero, weighted by balance.
    cast(
        cast(
            (20000 * dated_cent_days + case when dated_cent_days < 0 then -abs(dated_cents) else abs(dated_cents) end)
            // nullif(2 * dated_cents, 0)
            as decimal(38, 0)
        ) * 0.0001 as decimal(38, 4)
    ) as weighted_average_days_past_due,
    -- Its numerator: sum of balance x days.
    cast(cast(dated_cent_days as decimal(38, 0)) * 0.01 as decimal(38, 2)) as balance_days_past_due,
    -- Its denominator: sum of those balances.
    cast(cast(dated_cents as decimal(38, 0)) * 0.01 as decimal(38, 2)) as balance_with_due_date,
    -- Days from invoice_date to the last payment (or to the tick as paid), over billed orders settled by as_of.
    cast(
        cast(
            (20000 * paying_days + case when paying_days < 0 then -abs(settled_orders) else abs(settled_orders) end)
            // nullif(2 * settled_orders, 0)
            as decimal(38, 0)
        ) * 0.0001 as decimal(38, 4)
    ) as average_days_to_pay,
    cast(settled_days as bigint) as settled_days,  -- Its numerator: the sum of those days.
    cast(settled_orders as bigint) as settled_orders,  -- Its denominator: how many orders are settled.
    cast(getvariable('as_of') as date) as as_of  -- The date that the row is computed for.
from joined
