-- One row per entry of the order log.
-- key: _company, event_id
-- needs: order_event_logs, orders_received, customers
with
    events as (select * from staging.order_event_logs),
    orders as (select * from staging.orders_received),
    customers as (select * from staging.customers),
    statuses as (select * from seeds.event_statuses),
    placed as (
        select
            *,
            row_number() over (partition by _company, order_number order by event_at, event_id) as place,
            lag(event_at) over (partition by _company, order_number order by event_at, event_id) as previous_at
        from events
    ),
    timed as (
        select *, cast(date_diff('microsecond', previous_at, event_at) as hugeint) // 1000000 as seconds_since_previous
        from placed
    )
select
    cast(timed._company as varchar) as _company,  -- Company of the configuration that the order belongs to.
    cast(timed.event_id as bigint) as event_id,  -- Key of the entry.
    cast(timed.order_number as varchar) as order_number,  -- LeafLink's key of the order.
    cast(orders.short_id as varchar) as short_id,  -- Number of the order that people see; it can change.
    cast(orders.seller_id as bigint) as seller_id,  -- Selling company.
    cast(orders.customer_id as bigint) as customer_id,  -- The seller's record of a customer: a door.
    cast(coalesce(customers.customer_name, orders.customer_name) as varchar) as customer_name,  -- Its nickname, else name.
    cast(timed.event_type as varchar) as event_type,  -- Such as submitted, accepted or edited.
    cast(statuses.status as varchar) as status_after,  -- Status that it brings; null for created and edits.
    cast(timed.event_at as timestamptz) as event_at,  -- When it happened.
    cast(timed.event_date as date) as event_date,  -- Local date of event_at.
    cast(timed.place as bigint) as place,  -- 1, 2, … within the order, by event_at and event_id.
    -- Whole seconds since the entry before, / 3600.
    cast(
        cast((20000 * seconds_since_previous + 3600) // 7200 as decimal(38, 0)) * 0.0001 as decimal(38, 4)
    ) as hours_since_previous,
    cast(timed.author as varchar) as author,  -- Name of who did it; personal data.
    cast(timed.username as varchar) as username,  -- Username of who did it; personal data.
    cast(timed.source as varchar) as source  -- Where: app, api or other.
from timed
left join orders on orders._company = timed._company and orders.order_number = timed.order_number
left join customers on customers._company = orders._company and customers.customer_id = orders.customer_id
left join statuses on statuses.event_type = timed.event_type
