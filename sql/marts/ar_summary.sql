-- One row per seller and currency with anything billed or committed: its receivables and the days of sales in them.
-- key: _company, seller_id, currency
-- needs: orders_received, line_items, products, order_payments, customers
with
    open_orders as (
        select *, cast(case when open_balance > 0 then open_balance * 100 else 0 end as hugeint) as cents
        from marts.ar_aging
    ),
    standing as (  -- billed, or committed by as_of
        select * from marts.fct_orders where open_balance is not null
    ),
    accounts as (select * from marts.ar_aging_by_customer),
    payments as (select * from marts.fct_payments where is_counted and days_ago between 0 and 29),
    dates as (select * from marts.dim_date where date <= as_of),
    aged as (
        select
            _company,
            seller_id,
            currency,
            count(*) as open_orders,
            count(distinct case when open_balance > 0 then customer_id end) as customers,
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
            sum(case when bucket <> 'unapplied_credit' and days_past_due >= 61 then open_balance else 0 end) as over_60,
            sum(case when bucket <> 'unapplied_credit' and days_past_due >= 91 then open_balance else 0 end) as over_90,
            sum(case when is_llf_financed then open_balance else 0 end) as llf_financed,
            sum(case when is_stale then open_balance else 0 end) as stale,
            count(case when is_stale then 1 end) as stale_orders,
            sum(case when is_stale and due_date is null then open_balance else 0 end) as stale_no_due_date,
            sum(case when days_past_due is not null then cents else 0 end) as dated_cents,
            sum(cents * coalesce(days_past_due, 0)) as dated_cent_days
        from open_orders
        group by _company, seller_id, currency
    ),
    grain as (
        select
            _company,
            seller_id,
            currency,
            max(seller_name) as seller_name,
            sum(case when is_committed then open_balance else 0 end) as committed_exposure,
            sum(
                case when is_billed and date_diff('day', invoice_date, as_of) between 0 and 89 then billed else 0 end
            ) as billed_90,
            cast(date_trunc('month', min(case when is_billed then invoice_date end)) as date) as first_month
        from standing
        group by _company, seller_id, currency
    ),
    debtors as (
        select
            _company,
            seller_id,
            currency,
            open_gross,
            row_number() over (partition by _company, seller_id, currency order by open_gross desc) as place
        from accounts
    ),
    top as (
        select _company, seller_id, currency, sum(open_gross) as top10
        from debtors
        where place <= 10
        group by _company, seller_id, currency
    ),
    received as (
        select _company, seller_id, currency, sum(amount) as payments_30
        from payments
        group by _company, seller_id, currency
    ),
    months as (select month, count(*) as days from dates group by month),
    billed_months as (
        select
            _company,
            seller_id,
            currency,
            cast(date_trunc('month', invoice_date) as date) as month,
            sum(billed) as billed
        from standing
        where is_billed
        group by _company, seller_id, currency, cast(date_trunc('month', invoice_date) as date)
    ),
    walk as (  -- `billed_since` runs from as_of back to the first day of the month
        select
            grain._company,
            grain.seller_id,
            grain.currency,
            months.month,
            months.days,
            coalesce(billed_months.billed, 0) as billed,
            coalesce(aged.open_gross, 0) as open_gross,
            sum(coalesce(billed_months.billed, 0)) over newest_first as billed_since,
            sum(months.days) over newest_first as days_since,
            row_number() over newest_first as place
        from grain
        join months on months.month >= grain.first_month
        left join billed_months
            on billed_months._company = grain._company
            and billed_months.seller_id is not distinct from grain.seller_id
            and billed_months.currency is not distinct from grain.currency
            and billed_months.month = months.month
        left join aged
            on aged._company = grain._company
            and aged.seller_id is not distinct from grain.seller_id
            and aged.currency is not distinct from grain.currency
        window newest_first as (
            partition by grain._company, grain.seller_id, grain.currency order by months.month desc
        )
    ),
    ends as (  -- the month whose billed amounts reach what is open
        select
            _company,
            seller_id,
            currency,
            min(case when billed_since >= open_gross then place end) as last_place,
            max(days_since) as all_days
        from walk
        group by _company, seller_id, currency
    ),
    countback as (
        select
            ends._company,
            ends.seller_id,
            ends.currency,
            ends.all_days,
            ends.last_place is null as is_truncated,
            walk.days_since - walk.days as full_days,
            cast(walk.days * (walk.open_gross - walk.billed_since + walk.billed) * 100 as hugeint) as part_cent_days,
            cast(walk.billed * 100 as hugeint) as part_cents
        from ends
        left join walk
            on walk._company = ends._company
            and walk.seller_id is not distinct from ends.seller_id
            and walk.currency is not distinct from ends.currency
            and walk.place = ends.last_place
    ),
    joined as (
        select
            grain.*,
            coalesce(aged.open_orders, 0) as open_orders,
            coalesce(aged.customers, 0) as customers,
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
            coalesce(aged.over_60, 0) as over_60,
            coalesce(aged.over_90, 0) as over_90,
            coalesce(aged.llf_financed, 0) as llf_financed,
            coalesce(aged.stale, 0) as stale,
            coalesce(aged.stale_orders, 0) as stale_orders,
            coalesce(aged.stale_no_due_date, 0) as stale_no_due_date,
            coalesce(aged.dated_cents, 0) as dated_cents,
            coalesce(aged.dated_cent_days, 0) as dated_cent_days,
            coalesce(top.top10, 0) as top10,
            coalesce(received.payments_30, 0) as payments_30,
            coalesce(countback.is_truncated, false) as is_truncated,
            countback.all_days,
            countback.full_days,
            countback.part_cent_days,
            countback.part_cents
        from grain
        left join aged
            on aged._company = grain._company
            and aged.seller_id is not distinct from grain.seller_id
            and aged.currency is not distinct from grain.currency
        left join top
            on top._company = grain._company
            and top.seller_id is not distinct from grain.seller_id
            and top.currency is not distinct from grain.currency
        left join received
            on received._company = grain._company
            and received.seller_id is not distinct from grain.seller_id
            and received.currency is not distinct from grain.currency
        left join countback
            on countback._company = grain._company
            and countback.seller_id is not distinct from grain.seller_id
            and countback.currency is not distinct from grain.currency
    ),
    scaled as (  -- ratios are divided in cents, since dividing decimals gives doubles
        select
            *,
            cast(open_gross * 100 as hugeint) as gross_cents,
            cast(past_due * 100 as hugeint) as past_due_cents,
            cast(over_60 * 100 as hugeint) as over_60_cents,
            cast(over_90 * 100 as hugeint) as over_90_cents,
            cast(top10 * 100 as hugeint) as top10_cents,
            cast(case when billed_90 > 0 then billed_90 * 100 end as hugeint) as billed_cents,
            cast(open_gross * 9000 as hugeint) as gross_cent_days,
            cast(current_amount * 9000 as hugeint) as current_cent_days,
            cast((open_gross - current_amount) * 9000 as hugeint) as late_cent_days
        from joined
    ),
    divided as (
        select
            *,
            cast(
                cast(
                    (20000 * part_cent_days + abs(part_cents))  -- never below zero
                    // nullif(2 * part_cents, 0)
                    as decimal(38, 0)
                ) * 0.0001 as decimal(38, 4)
            ) as part_days
        from scaled
    )
select
    cast(_company as varchar) as _company,  -- Company of the configuration that the orders belong to.
    cast(seller_id as bigint) as seller_id,  -- Selling company.
    cast(seller_name as varchar) as seller_name,  -- Name of the selling company.
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
    cast(over_90 as decimal(38, 2)) as over_90,  -- Open above zero, 91 days past due or more.
    cast(open_orders as bigint) as open_orders,  -- How many orders are open.
    cast(customers as bigint) as customers,  -- How many customers have a balance above zero.
    -- What is left to pay of orders accepted but not yet shipped (Accepted, Backorder, Fulfilled), created by as_of.
    cast(committed_exposure as decimal(38, 2)) as committed_exposure,
    cast(llf_financed as decimal(38, 2)) as llf_financed,  -- Open net of the orders that LeafLink Financial pays.
    cast(
        cast(
            (20000 * past_due_cents + case when past_due_cents < 0 then -abs(gross_cents) else abs(gross_cents) end)
            // nullif(2 * gross_cents, 0)
            as decimal(38, 0)
        ) * 0.0001 as decimal(38, 4)
    ) as past_due_share,  -- past_due / open_gross.
    cast(
        cast(
            (20000 * over_60_cents + case when over_60_cents < 0 then -abs(gross_cents) else abs(gross_cents) end)
            // nullif(2 * gross_cents, 0)
            as decimal(38, 0)
        ) * 0.0001 as decimal(38, 4)
    ) as over_60_share,  -- over_60 / open_gross.
    cast(
        cast(
            (20000 * over_90_cents + case when over_90_cents < 0 then -abs(gross_cents) else abs(gross_cents) end)
            // nullif(2 * gross_cents, 0)
            as decimal(38, 0)
        ) * 0.0001 as decimal(38, 4)
    ) as over_90_share,  -- over_90 / open_gross.
    cast(top10 as decimal(38, 2)) as top10,  -- Open gross of the ten customers who owe most.
    cast(
        cast(
            (20000 * top10_cents + case when top10_cents < 0 then -abs(gross_cents) else abs(gross_cents) end)
            // nullif(2 * gross_cents, 0)
            as decimal(38, 0)
        ) * 0.0001 as decimal(38, 4)
    ) as top10_share,  -- top10 / open_gross.
    cast(stale as decimal(38, 2)) as stale,  -- Open balances of stale orders: unpaid and invoiced over 180 days ago.
    cast(stale_orders as bigint) as stale_orders,  -- How many orders are stale.
    cast(stale_no_due_date as decimal(38, 2)) as stale_no_due_date,  -- Of stale, the part without a due date.
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
    cast(billed_90 as decimal(38, 2)) as billed_90,  -- Billed amounts invoiced in the last 90 days.
    cast(payments_30 as decimal(38, 2)) as payments_30,  -- Counted payments of billed orders in the last 30 days.
    -- Days of sales outstanding: open_gross x 90 / billed_90. Null unless billed_90 is above zero.
    cast(
        cast(
            (20000 * gross_cent_days + case when gross_cent_days < 0 then -abs(billed_cents) else abs(billed_cents) end)
            // nullif(2 * billed_cents, 0)
            as decimal(38, 0)
        ) * 0.0001 as decimal(38, 4)
    ) as dso,
    -- The same if nobody paid late: current x 90 / billed_90.
    cast(
        cast(
            (20000 * current_cent_days + billed_cents)
            // nullif(2 * billed_cents, 0)
            as decimal(38, 0)
        ) * 0.0001 as decimal(38, 4)
    ) as best_possible_dso,
    -- What late payers add: (open_gross - current) x 90 / billed_90.
    cast(
        cast(
            (20000 * late_cent_days + case when late_cent_days < 0 then -abs(billed_cents) else abs(billed_cents) end)
            // nullif(2 * billed_cents, 0)
            as decimal(38, 0)
        ) * 0.0001 as decimal(38, 4)
    ) as days_delinquent,
    -- Days counted back by months from as_of until their billed amounts reach open_gross; of the month that has more
    -- than is left, the part of its days. 0 when nothing is open.
    cast(
        case
            when open_gross = 0 then 0
            when is_truncated then all_days
            else full_days + part_days
        end as decimal(38, 4)
    ) as dso_countback,
    -- Whether the first month came before open_gross was reached.
    cast(open_gross > 0 and is_truncated as boolean) as is_dso_truncated,
    cast(getvariable('as_of') as date) as as_of  -- The date that the row is computed for.
from divided
