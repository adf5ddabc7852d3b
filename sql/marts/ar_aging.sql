-- One row per open order: billed (Shipped or Complete, invoiced on or before as_of) and not settled to the cent.
-- key: _company, order_number
-- needs: orders_received, line_items, products, order_payments, customers
with
    orders as (select * from marts.fct_orders where is_billed and open_balance <> 0),
    balances as (select * from intermediate.order_balances),
    received as (select * from staging.orders_received),
    customers as (select * from staging.customers),
    dated as (
        select
            orders.*,
            balances.is_credits_netted,
            balances.payments_after_as_of,
            received.modified_date,
            coalesce(customers.is_delinquent, received.is_delinquent, false) as is_delinquent,
            date_diff('day', orders.due_date, getvariable('as_of')) as days_past_due,
            date_diff('day', orders.invoice_date, getvariable('as_of')) as days_open
        from orders
        join balances on balances._company = orders._company and balances.order_number = orders.order_number
        join received on received._company = orders._company and received.order_number = orders.order_number
        left join customers on customers._company = orders._company and customers.customer_id = orders.customer_id
    )
select
    cast(_company as varchar) as _company,  -- Company of the configuration that the order belongs to.
    cast(order_number as varchar) as order_number,  -- LeafLink's key of the order.
    cast(short_id as varchar) as short_id,  -- Number of the order that people see; it can change.
    cast(status as varchar) as status,  -- Status of the order as known now.
    cast(seller_id as bigint) as seller_id,  -- Selling company.
    cast(customer_id as bigint) as customer_id,  -- The seller's record of a customer: a door.
    cast(customer_name as varchar) as customer_name,  -- Nickname of the customer, else its name, else the order's word.
    cast(customer_state as varchar) as customer_state,  -- State of the customer.
    cast(currency as varchar) as currency,  -- Currency of every amount in the row.
    cast(invoice_date as date) as invoice_date,  -- Local date of ship_date, else of created_on.
    -- Local date of payment_due_date, else invoice_date and the days of the payment term; null when neither is known.
    cast(due_date as date) as due_date,
    cast(due_basis as varchar) as due_basis,  -- How the due date is known: payment_due_date, terms or none.
    cast(total as decimal(38, 2)) as total,  -- Total of the order as LeafLink gives it.
    cast(credits as decimal(38, 2)) as credits,  -- Credits applied to the order.
    -- Signed sum of the payments whose local payment date is on or before as_of; refunds and bounces are negative.
    cast(paid as decimal(38, 2)) as paid,
    -- What counts as paid because the order is ticked paid by as_of and has no payment row at all.
    cast(implied_paid as decimal(38, 2)) as implied_paid,
    -- total - credits (total alone where totals net credits) - paid - implied_paid; never zero here.
    cast(open_balance as decimal(38, 2)) as open_balance,
    cast(reported_balance as decimal(38, 2)) as reported_balance,  -- payment_balance as LeafLink gives it now.
    cast(last_payment_date as date) as last_payment_date,  -- Latest local date of a payment on or before as_of.
    cast(is_llf_financed as boolean) as is_llf_financed,  -- Whether LeafLink Financial pays the order.
    cast(reps as varchar) as reps,  -- Names of the reps on the order; personal data.
    -- Whether the customer is marked behind on payments, else what the order says of it.
    cast(is_delinquent as boolean) as is_delinquent,
    cast(days_past_due as integer) as days_past_due,  -- as_of - due_date; negative before it is due.
    cast(days_open as integer) as days_open,  -- as_of - invoice_date.
    -- unapplied_credit (open below zero), no_due_date, current (not yet past due), or the span of days past due.
    cast(
        case
            when open_balance < 0 then 'unapplied_credit'
            when days_past_due is null then 'no_due_date'
            when days_past_due <= 0 then 'current'
            when days_past_due <= 30 then '1_30'
            when days_past_due <= 60 then '31_60'
            when days_past_due <= 90 then '61_90'
            when days_past_due <= 120 then '91_120'
            else 'over_120'
        end as varchar
    ) as bucket,
    -- Open above zero, no payment yet and invoiced more than 180 days ago: often paid without a word to LeafLink.
    cast(open_balance > 0 and last_payment_date is null and days_open > 180 as boolean) as is_stale,
    -- Whether total already nets credits at this company, as its own orders say: netted or not_netted.
    cast(case when is_credits_netted then 'netted' else 'not_netted' end as varchar) as credits_basis,
    cast(open_balance - reported_balance as decimal(38, 2)) as balance_gap,  -- open_balance - reported_balance.
    -- Signed sum of the payments dated after as_of, which the open balance leaves out.
    cast(payments_after_as_of as decimal(38, 2)) as payments_after_as_of,
    -- unchanged: the order has not changed since as_of. changed_since: it has (or does not say), and its total, credits
    -- and status are those known now, not those of as_of.
    cast(case when modified_date <= getvariable('as_of') then 'unchanged' else 'changed_since' end as varchar)
        as history_basis,
    cast(getvariable('as_of') as date) as as_of  -- The date that the row is computed for.
from dated
