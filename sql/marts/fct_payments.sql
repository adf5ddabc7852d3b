-- One row per payment; refunds and bounced payments are negative. Its paid and its recorded date stand side by side.
-- key: _company, payment_id
-- needs: order_payments, orders_received, customers
with
    payments as (select * from staging.order_payments),
    orders as (select * from staging.orders_received),
    balances as (select * from intermediate.order_balances),
    due_dates as (select * from intermediate.due_dates),
    customers as (select * from staging.customers),
    staff as (select * from staging.company_staff),
    joined as (
        select
            payments.*,
            orders.short_id,
            orders.status,
            orders.seller_id,
            orders.customer_id,
            coalesce(customers.customer_name, orders.customer_name) as customer_name,
            orders.invoice_date,
            orders.is_receivable,
            due_dates.due_date,
            coalesce(payments.currency, orders.currency) as known_currency,
            orders.currency as order_currency,
            coalesce(payments.recorder_name, staff.staff_name) as known_recorder,
            coalesce(balances.is_billed, false) as is_billed
        from payments
        left join orders on orders._company = payments._company and orders.order_number = payments.order_number
        left join balances on balances._company = payments._company and balances.order_number = payments.order_number
        left join due_dates on due_dates._company = payments._company and due_dates.order_number = payments.order_number
        left join customers on customers._company = orders._company and customers.customer_id = orders.customer_id
        left join staff on staff._company = payments._company and staff.staff_id = payments.recorded_by
    )
select
    cast(_company as varchar) as _company,  -- Company of the configuration that the payment belongs to.
    cast(payment_id as bigint) as payment_id,  -- Key of the payment.
    cast(order_number as varchar) as order_number,  -- LeafLink's key of the order.
    cast(short_id as varchar) as short_id,  -- Number of the order that people see; it can change.
    cast(status as varchar) as status,  -- Status of the order as known now.
    cast(seller_id as bigint) as seller_id,  -- Selling company.
    cast(customer_id as bigint) as customer_id,  -- The seller's record of a customer: a door.
    cast(customer_name as varchar) as customer_name,  -- Nickname of the customer, else its name, else the order's word.
    cast(invoice_date as date) as invoice_date,  -- Local date of the order's ship_date, else of its created_on.
    cast(due_date as date) as due_date,  -- When the order falls due; null unless receivable or committed.
    cast(known_currency as varchar) as currency,  -- Currency of the payment, else of its order.
    cast(round(amount, 2) as decimal(38, 2)) as amount,  -- Amount, signed: refunds and bounces are negative.
    cast(payment_type as varchar) as payment_type,  -- Such as cash, check or ach.
    cast(reason as varchar) as reason,  -- Note on the payment; personal data.
    cast(payment_date as date) as payment_date,  -- Local date of payment_date, else recorded_date.
    cast(recorded_date as date) as recorded_date,  -- Local date on which it was entered ("applied").
    cast(date_diff('day', payment_date, recorded_date) as integer) as days_to_record,  -- Days between the two.
    cast(date_diff('day', payment_date, getvariable('as_of')) as integer) as days_ago,  -- as_of - payment_date.
    cast(coalesce(amount < 0, false) as boolean) as is_reversal,  -- Whether the amount is below zero.
    -- Whether it counts in receivables: of a billed order, in its currency (or in none), dated on or before as_of.
    cast(
        coalesce(
            is_billed
            and known_currency is not distinct from order_currency
            and payment_date <= getvariable('as_of'),
            false
        ) as boolean
    ) as is_counted,
    -- payment_date - invoice_date, of Shipped and Complete orders.
    cast(case when is_receivable then date_diff('day', invoice_date, payment_date) end as integer) as days_to_pay,
    -- payment_date - due_date, of Shipped and Complete orders.
    cast(case when is_receivable then date_diff('day', due_date, payment_date) end as integer) as days_beyond_terms,
    cast(recorded_by as bigint) as recorded_by,  -- Member of staff who recorded it.
    cast(known_recorder as varchar) as recorder_name,  -- Name of that member of staff; personal data.
    cast(getvariable('as_of') as date) as as_of  -- The date that the row is computed for.
from joined
