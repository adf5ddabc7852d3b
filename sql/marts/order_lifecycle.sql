-- One row per order, in any status: when its log says that it was submitted, accepted and so on, and how long it took.
-- key: _company, order_number
-- needs: orders_received, line_items, products, customers, order_event_logs
with
    orders as (select * from staging.orders_received),
    customers as (select * from staging.customers),
    events as (
        select
            _company,
            order_number,
            min(case when event_type = 'submitted' then event_at end) as submitted_at,
            min(case when event_type = 'accepted' then event_at end) as accepted_at,
            min(case when event_type = 'fulfilled' then event_at end) as fulfilled_at,
            min(case when event_type = 'shipped' then event_at end) as shipped_at,
            min(case when event_type = 'completed' then event_at end) as completed_at,
            min(case when event_type = 'rejected' then event_at end) as rejected_at,
            min(case when event_type = 'cancelled' then event_at end) as cancelled_at,
            count(*) as events,
            count(case when event_type in ('edited', 'rep_edited', 'shipping_edited') then 1 end) as edits,
            count(case when event_type = 'unaccepted' then 1 end) as unaccepts,
            arg_max(status_after, place) filter (where status_after is not null) as last_logged_status
        from marts.fct_order_events
        group by _company, order_number
    ),
    joined as (
        select
            orders._company,
            orders.order_number,
            orders.short_id,
            orders.status,
            orders.seller_id,
            orders.customer_id,
            coalesce(customers.customer_name, orders.customer_name) as customer_name,
            orders.order_date,
            orders.created_at,
            events.submitted_at,
            events.accepted_at,
            events.fulfilled_at,
            events.shipped_at,
            events.completed_at,
            events.rejected_at,
            events.cancelled_at,
            events.last_logged_status,
            coalesce(events.events, 0) as events,
            coalesce(events.edits, 0) as edits,
            coalesce(events.unaccepts, 0) as unaccepts,
            cast(
                date_diff('microsecond', coalesce(events.submitted_at, orders.created_at), events.accepted_at) as hugeint
            ) as accepting,
            cast(date_diff('microsecond', events.accepted_at, events.shipped_at) as hugeint) as shipping,
            cast(date_diff('microsecond', events.shipped_at, events.completed_at) as hugeint) as completing
        from orders
        left join customers on customers._company = orders._company and customers.customer_id = orders.customer_id
        left join events on events._company = orders._company and events.order_number = orders.order_number
    ),
    timed as (
        select
            *,
            case when accepting >= 0 then accepting // 1000000 end as seconds_to_accept,
            case when shipping >= 0 then shipping // 1000000 end as seconds_to_ship,
            case when completing >= 0 then completing // 1000000 end as seconds_to_complete
        from joined
    )
select
    cast(_company as varchar) as _company,  -- Company of the configuration that the order belongs to.
    cast(order_number as varchar) as order_number,  -- LeafLink's key of the order.
    cast(short_id as varchar) as short_id,  -- Number of the order that people see; it can change.
    cast(status as varchar) as status,  -- Status of the order as known now.
    cast(seller_id as bigint) as seller_id,  -- Selling company.
    cast(customer_id as bigint) as customer_id,  -- The seller's record of a customer: a door.
    cast(customer_name as varchar) as customer_name,  -- Nickname of the customer, else its name, else the order's word.
    cast(order_date as date) as order_date,  -- Local date of created_on.
    cast(created_at as timestamptz) as created_at,  -- When the order was created, by the order itself.
    cast(submitted_at as timestamptz) as submitted_at,  -- When its log first says submitted.
    cast(accepted_at as timestamptz) as accepted_at,  -- When its log first says accepted.
    cast(fulfilled_at as timestamptz) as fulfilled_at,  -- When its log first says fulfilled.
    cast(shipped_at as timestamptz) as shipped_at,  -- When its log first says shipped.
    cast(completed_at as timestamptz) as completed_at,  -- When its log first says completed.
    cast(rejected_at as timestamptz) as rejected_at,  -- When its log first says rejected.
    cast(cancelled_at as timestamptz) as cancelled_at,  -- When its log first says cancelled.
    -- Whole seconds from submitted_at (else created_at) to accepted_at, / 3600; null when negative.
    cast(
        cast((20000 * seconds_to_accept + 3600) // 7200 as decimal(38, 0)) * 0.0001 as decimal(38, 4)
    ) as hours_to_accept,
    -- Whole seconds from accepted_at to shipped_at, / 3600; null when negative.
    cast(cast((20000 * seconds_to_ship + 3600) // 7200 as decimal(38, 0)) * 0.0001 as decimal(38, 4)) as hours_to_ship,
    -- Whole seconds from shipped_at to completed_at, / 3600; null when negative.
    cast(
        cast((20000 * seconds_to_complete + 3600) // 7200 as decimal(38, 0)) * 0.0001 as decimal(38, 4)
    ) as hours_to_complete,
    cast(events as bigint) as events,  -- Entries of its log; 0 without any.
    cast(edits as bigint) as edits,  -- Of these, edits, also of its reps and shipping.
    cast(unaccepts as bigint) as unaccepts,  -- Of these, acceptances that were taken back.
    cast(last_logged_status as varchar) as last_logged_status  -- Status that the newest entry with one brings.
from timed
