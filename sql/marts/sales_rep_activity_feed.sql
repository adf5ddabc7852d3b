-- One row per thing that staff did: an entry of the order log, an activity that is not marked as deleted, a payment.
-- key: _company, source, source_id
-- needs: orders_received, customers
with
    events as (select * from staging.order_event_logs),
    activities as (select * from staging.activity_entries),
    payments as (select * from staging.order_payments),
    orders as (select * from staging.orders_received),
    customers as (select * from staging.customers),
    staff as (select * from staging.company_staff),
    usernames as (  -- those that one member of staff has alone
        select _company, username, min(staff_id) as staff_id
        from staff
        where username is not null
        group by _company, username
        having count(*) = 1
    ),
    entries as (
        select
            events._company,
            'event' as source,
            events.event_id as source_id,
            events.order_number,
            cast(null as bigint) as activity_customer_id,
            events.event_at as happened_at,
            events.event_date as happened_date,
            events.event_type as activity,
            usernames.staff_id,
            events.author as written_name,
            cast(null as decimal(38, 9)) as amount,
            cast(null as varchar) as payment_currency,
            events.description as text
        from events
        left join usernames on usernames._company = events._company and usernames.username = events.username
        union all
        select
            _company,
            'activity' as source,
            activity_id as source_id,
            cast(null as varchar) as order_number,
            customer_id as activity_customer_id,
            happened_at,
            happened_date,
            activity,
            author_id as staff_id,
            cast(null as varchar) as written_name,
            cast(null as decimal(38, 9)) as amount,
            cast(null as varchar) as payment_currency,
            entry as text
        from activities
        union all
        select
            _company,
            'payment' as source,
            payment_id as source_id,
            order_number,
            cast(null as bigint) as activity_customer_id,
            recorded_at as happened_at,
            recorded_date as happened_date,
            payment_type as activity,
            recorded_by as staff_id,
            recorder_name as written_name,
            cast(amount as decimal(38, 9)) as amount,
            currency as payment_currency,
            reason as text
        from payments
    ),
    joined as (
        select
            entries.*,
            coalesce(entries.activity_customer_id, orders.customer_id) as customer_id,
            orders.customer_name as order_customer_name,
            orders.short_id,
            orders.currency as order_currency
        from entries
        left join orders on orders._company = entries._company and orders.order_number = entries.order_number
    )
select
    cast(joined._company as varchar) as _company,  -- Company of the configuration that the row belongs to.
    cast(joined.source as varchar) as source,  -- Where it is written: event, activity or payment.
    cast(joined.source_id as bigint) as source_id,  -- Key of the entry there.
    cast(joined.customer_id as bigint) as customer_id,  -- The seller's record of a customer: a door.
    -- Nickname of the customer, else its name, else the order's word.
    cast(coalesce(customers.customer_name, joined.order_customer_name) as varchar) as customer_name,
    cast(joined.order_number as varchar) as order_number,  -- LeafLink's key of the order; null for activities.
    cast(joined.short_id as varchar) as short_id,  -- Number of the order that people see; it can change.
    -- When it happened: the event's time; the activity's date, else created_on; the payment's created_on.
    cast(joined.happened_at as timestamptz) as happened_at,
    cast(joined.happened_date as date) as happened_date,  -- Local date of happened_at.
    cast(joined.activity as varchar) as activity,  -- Event type, kind of activity or payment type.
    -- Author of the activity, recorder of the payment, or who alone has the username of the event.
    cast(joined.staff_id as bigint) as staff_id,
    -- Name of that member of staff, else the name as written; personal data.
    cast(coalesce(staff.staff_name, joined.written_name) as varchar) as staff_name,
    cast(round(joined.amount, 2) as decimal(38, 2)) as amount,  -- Amount of the payment, signed; null for others.
    -- Currency of the payment, else of its order; null for others.
    cast(
        case when joined.source = 'payment' then coalesce(joined.payment_currency, joined.order_currency) end as varchar
    ) as currency,
    cast(joined.text as varchar) as text  -- What was written: description, entry or reason; personal data.
from joined
left join customers on customers._company = joined._company and customers.customer_id = joined.customer_id
left join staff on staff._company = joined._company and staff.staff_id = joined.staff_id
