-- One row per seller, customer and currency with an open balance above zero: whom to call, in which order, about what.
-- key: _company, seller_id, customer_id, currency
-- needs: orders_received, line_items, products, order_payments, customers
with
    accounts as (select * from marts.ar_aging_by_customer where open_gross > 0),
    open_orders as (select * from marts.ar_aging where open_balance > 0),
    customers as (select * from marts.dim_customers),
    payments as (select * from marts.fct_payments where is_counted),
    credits as (select * from staging.credits where status = 'active'),
    reps as (select * from intermediate.order_reps),
    aged as (
        select
            _company,
            seller_id,
            customer_id,
            currency,
            max(case when not is_stale then days_past_due end) as days_past_due,
            count(*) as order_count,
            count(case when days_past_due >= 1 then 1 end) as orders_past_due,
            sum(case when days_past_due >= 61 then open_balance else 0 end) as over_60,
            sum(case when days_past_due >= 91 then open_balance else 0 end) as over_90,
            array_to_string(
                list_sort(
                    array_agg(
                        distinct concat_ws(
                            ' ',
                            coalesce(cast(due_date as varchar), 'no date'),
                            short_id,
                            cast(open_balance as varchar)
                        )
                    )
                ),
                '; '
            ) as order_list
        from open_orders
        group by _company, seller_id, customer_id, currency
    ),
    ordered as (
        select
            *,
            row_number() over (
                partition by _company, seller_id, customer_id, currency
                order by days_past_due desc nulls last, open_balance desc, order_number
            ) as worst_place
        from open_orders
    ),
    worst as (select * from ordered where worst_place = 1),
    paid_days as (
        select
            _company,
            seller_id,
            customer_id,
            currency,
            payment_date,
            sum(amount) as amount,
            row_number() over (
                partition by _company, seller_id, customer_id, currency order by payment_date desc
            ) as newest_place
        from payments
        group by _company, seller_id, customer_id, currency, payment_date
    ),
    last_payments as (select * from paid_days where newest_place = 1),
    active_credits as (
        select _company, seller_id, customer_id, currency, sum(amount) as amount
        from credits
        group by _company, seller_id, customer_id, currency
    ),
    rep_lists as (
        select
            open_orders._company,
            open_orders.seller_id,
            open_orders.customer_id,
            open_orders.currency,
            array_to_string(
                list_sort(array_agg(distinct reps.rep_name) filter (where nullif(reps.rep_name, '') is not null)), '; '
            ) as reps
        from open_orders
        join reps on reps._company = open_orders._company and reps.order_number = open_orders.order_number
        group by open_orders._company, open_orders.seller_id, open_orders.customer_id, open_orders.currency
    ),
    joined as (
        select
            accounts.*,
            case
                when aged.days_past_due > 90 then 1
                when aged.days_past_due > 60 then 2
                when aged.days_past_due > 30 then 3
                when aged.days_past_due > 0 then 4
                when aged.days_past_due is not null then 5
                else 6
            end as priority,
            aged.over_60,
            aged.over_90,
            aged.order_count,
            aged.orders_past_due,
            aged.order_list,
            coalesce(active_credits.amount, 0) as open_credits,
            worst.order_number as worst_order_number,
            worst.short_id as worst_short_id,
            worst.days_past_due as worst_days,
            worst.open_balance as worst_balance,
            last_payments.payment_date as last_payment_date,
            last_payments.amount as last_payment,
            customers.customer_state,
            customers.phone,
            customers.email,
            customers.contact_name,
            customers.contact_phone,
            customers.contact_email,
            customers.contacts,
            customers.managers,
            customers.next_contact_date,
            customers.is_license_inactive,
            customers.is_delinquent,
            nullif(rep_lists.reps, '') as order_reps
        from accounts
        join aged
            on aged._company = accounts._company
            and aged.seller_id is not distinct from accounts.seller_id
            and aged.customer_id is not distinct from accounts.customer_id
            and aged.currency is not distinct from accounts.currency
        join worst
            on worst._company = accounts._company
            and worst.seller_id is not distinct from accounts.seller_id
            and worst.customer_id is not distinct from accounts.customer_id
            and worst.currency is not distinct from accounts.currency
        left join active_credits
            on active_credits._company = accounts._company
            and active_credits.seller_id is not distinct from accounts.seller_id
            and active_credits.customer_id is not distinct from accounts.customer_id
            and active_credits.currency is not distinct from accounts.currency
        left join last_payments
            on last_payments._company = accounts._company
            and last_payments.seller_id is not distinct from accounts.seller_id
            and last_payments.customer_id is not distinct from accounts.customer_id
            and last_payments.currency is not distinct from accounts.currency
        left join rep_lists
            on rep_lists._company = accounts._company
            and rep_lists.seller_id is not distinct from accounts.seller_id
            and rep_lists.customer_id is not distinct from accounts.customer_id
            and rep_lists.currency is not distinct from accounts.currency
        left join customers
            on customers._company = accounts._company and customers.customer_id = accounts.customer_id
    )
select
    cast(_company as varchar) as _company,  -- Company of the configuration that the orders belong to.
    cast(seller_id as bigint) as seller_id,  -- Selling company.
    cast(customer_id as bigint) as customer_id,  -- The seller's record of a customer: a door.
    cast(customer_name as varchar) as customer_name,  -- Nickname of the customer, else its name, else the order's word.
    cast(customer_state as varchar) as customer_state,  -- State of the customer.
    cast(currency as varchar) as currency,  -- Currency of every amount in the row.
    cast(past_due as decimal(38, 2)) as past_due,  -- Open above zero, 1 day past due or more.
    cast(over_60 as decimal(38, 2)) as over_60,  -- Open above zero, 61 days past due or more.
    cast(over_90 as decimal(38, 2)) as over_90,  -- Open above zero, 91 days past due or more.
    cast(no_due_date as decimal(38, 2)) as no_due_date,  -- Open above zero, without a due date.
    cast(unapplied_credit as decimal(38, 2)) as unapplied_credit,  -- Sum of the open balances below zero.
    -- 1, 2, … in seller and currency, by priority, past_due and owed downwards, customer_id.
    cast(
        row_number() over (
            partition by _company, seller_id, currency
            order by priority, past_due desc, open_gross desc, customer_id nulls last
        ) as bigint
    ) as place,
    -- By the most days past due among balances above zero that are not stale: 1 over 90, 2 over 60, 3 over 30,
    -- 4 late at all, 5 not yet due, 6 none but stale or undated.
    cast(priority as integer) as priority,
    cast(open_gross as decimal(38, 2)) as owed,  -- Sum of the open balances above zero.
    cast(stale as decimal(38, 2)) as stale,  -- Of it, of stale orders: unpaid and invoiced over 180 days ago.
    cast(open_credits as decimal(38, 2)) as open_credits,  -- Active credits, which could be set off.
    -- What is left to pay of orders accepted but not yet shipped: what to hold back.
    cast(committed_exposure as decimal(38, 2)) as committed_exposure,
    cast(order_count as bigint) as orders,  -- How many orders have a balance above zero.
    cast(orders_past_due as bigint) as orders_past_due,  -- Of these, those past due.
    cast(oldest_due_date as date) as oldest_due_date,  -- Earliest due date among them.
    cast(order_list as varchar) as order_list,  -- Each as due date ("no date" without one), short_id and open balance.
    -- The worst order: most days past due (none last), then the larger balance, then the smaller order_number.
    cast(worst_order_number as varchar) as worst_order_number,
    cast(worst_short_id as varchar) as worst_short_id,  -- The number of the worst order that people see.
    cast(worst_days as integer) as worst_days,  -- Its days past due; null without a due date.
    cast(worst_balance as decimal(38, 2)) as worst_balance,  -- Its open balance.
    -- Latest date of a counted payment, on any billed order.
    cast(last_payment_date as date) as last_payment_date,
    cast(last_payment as decimal(38, 2)) as last_payment,  -- Sum of the counted payments of that date.
    -- Days from invoice_date to the last payment (or to the tick as paid), over billed orders settled by as_of.
    cast(average_days_to_pay as decimal(38, 4)) as average_days_to_pay,
    cast(phone as varchar) as phone,  -- Phone of the customer with its extension; personal data.
    cast(email as varchar) as email,  -- Its address for mail; personal data.
    cast(contact_name as varchar) as contact_name,  -- Whom to call there about money; personal data.
    cast(contact_phone as varchar) as contact_phone,  -- Phone of that contact; personal data.
    cast(contact_email as varchar) as contact_email,  -- Address for mail of that contact; personal data.
    cast(contacts as varchar) as contacts,  -- All people there with role and phone; personal data.
    cast(managers as varchar) as managers,  -- Names of its account managers; personal data.
    cast(next_contact_date as date) as next_contact_date,  -- When somebody promised to call.
    cast(is_license_inactive as boolean) as is_license_inactive,  -- Whether its licence is marked inactive.
    cast(is_delinquent as boolean) as is_delinquent,  -- Whether it is marked behind on payments.
    cast(order_reps as varchar) as order_reps,  -- Names of the reps on these orders; personal data.
    cast(getvariable('as_of') as date) as as_of  -- The date that the row is computed for.
from joined
