-- One row per open order: billed (Shipped or Complete, invoiced on or before as_of) and not settled to the cent.
with
    balances as (select * from intermediate.order_balances where is_receivable and open_balance <> 0),
    customers as (select * from staging.customers),
    aged as (
        select
            balances.*,
            customers.customer_name as record_name,
            customers.is_delinquent as is_record_delinquent,
            date_diff('day', balances.due_date, getvariable('as_of')) as days_past_due
        from balances
        left join customers
            on customers._company = balances._company and customers.customer_id = balances.customer_id
    )
select
    cast(_company as varchar) as _company,  -- Company of the configuration that the order belongs to.
    cast(order_number as varchar) as order_number,  -- Key of the order: the number that LeafLink generated.
    cast(short_id as varchar) as short_id,  -- Order number as displayed by LeafLink; it can change.
    cast(seller_id as bigint) as seller_id,  -- Selling company.
    cast(customer_id as bigint) as customer_id,  -- The seller's customer record.
    cast(coalesce(record_name, customer_name) as varchar) as customer_name,  -- Nickname of the customer, else its name.
    cast(status as varchar) as status,  -- Status of the order as known now.
    cast(currency as varchar) as currency,  -- Currency of every amount in the row.
    cast(invoice_date as date) as invoice_date,  -- Local date of ship_date, else of created_on.
    -- Local date of payment_due_date, else invoice_date and the days of the payment term; null when neither is known.
    cast(due_date as date) as due_date,
    cast(due_basis as varchar) as due_basis,  -- How the due date is known: payment_due_date, terms or none.
    cast(days_past_due as integer) as days_past_due,  -- Whole days from due_date to as_of; negative before it is due.
    cast(round(coalesce(total_amount, 0), 2) as decimal(38, 2)) as total,  -- Total of the order as LeafLink gives it.
    cast(round(credits, 2) as decimal(38, 2)) as credits,  -- Credits applied to the order.
    -- Whether total already nets credits at this company, as its own orders say: netted or not_netted.
    cast(case when is_credits_netted then 'netted' else 'not_netted' end as varchar) as credits_basis,
    -- Signed sum of the payments whose local payment date is on or before as_of; refunds and bounces are negative.
    cast(round(paid, 2) as decimal(38, 2)) as paid,
    -- What counts as paid because the order is ticked paid by as_of and has no payment row at all.
    cast(round(implied_paid, 2) as decimal(38, 2)) as implied_paid,
    cast(open_balance as decimal(38, 2)) as open_balance,  -- total - credits - paid - implied_paid; never zero here.
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
    cast(round(payment_balance, 2) as decimal(38, 2)) as reported_balance,  -- payment_balance as LeafLink gives it now.
    cast(open_balance - round(payment_balance, 2) as decimal(38, 2)) as balance_gap,  -- open_balance - reported_balance.
    cast(last_payment_date as date) as last_payment_date,  -- Latest local date of a payment on or before as_of.
    -- Signed sum of the payments dated after as_of, which the open balance leaves out.
    cast(round(payments_after_as_of, 2) as decimal(38, 2)) as payments_after_as_of,
    cast(is_llf_financed as boolean) as is_llf_financed,  -- Whether LeafLink Financial finances the order.
    -- Whether the customer is marked behind on payments.
    cast(coalesce(is_record_delinquent, is_delinquent, false) as boolean) as is_delinquent,
    -- unchanged: the order has not changed since as_of. changed_since: it has (or does not say), and its total, credits
    -- and status are those known now, not those of as_of.
    cast(case when modified_date <= getvariable('as_of') then 'unchanged' else 'changed_since' end as varchar)
        as history_basis,
    cast(getvariable('as_of') as date) as as_of  -- The date that the row is computed for.
from aged
