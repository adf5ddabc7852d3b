-- severity: error
-- Every live row of raw has exactly one current version in history, equal to it, and a deleted row has none.
-- Hashes are compared: joining the rows themselves costs six times as much. A hash takes an empty list for null.
with
    raw_orders_received as (
        select * exclude (_company, _extra, _run_id, _extracted_at, _deleted_at, _deleted_reason), _company
        from raw.orders_received
        where _deleted_at is null
    ),
    current_orders_received as (
        select * exclude (_company, _valid_from, _valid_to, _was_deleted, _run_id), _company
        from history.orders_received
        where _valid_to is null
    ),
    raw_line_items as (
        select * exclude (_company, _extra, _run_id, _extracted_at, _deleted_at, _deleted_reason), _company
        from raw.line_items
        where _deleted_at is null
    ),
    current_line_items as (
        select * exclude (_company, _valid_from, _valid_to, _was_deleted, _run_id), _company
        from history.line_items
        where _valid_to is null
    ),
    raw_customers as (
        select * exclude (_company, _extra, _run_id, _extracted_at, _deleted_at, _deleted_reason), _company
        from raw.customers
        where _deleted_at is null
    ),
    current_customers as (
        select * exclude (_company, _valid_from, _valid_to, _was_deleted, _run_id), _company
        from history.customers
        where _valid_to is null
    ),
    raw_products as (
        select * exclude (_company, _extra, _run_id, _extracted_at, _deleted_at, _deleted_reason), _company
        from raw.products
        where _deleted_at is null
    ),
    current_products as (
        select * exclude (_company, _valid_from, _valid_to, _was_deleted, _run_id), _company
        from history.products
        where _valid_to is null
    ),
    raw_order_payments as (
        select * exclude (_company, _extra, _run_id, _extracted_at, _deleted_at, _deleted_reason), _company
        from raw.order_payments
        where _deleted_at is null
    ),
    current_order_payments as (
        select * exclude (_company, _valid_from, _valid_to, _was_deleted, _run_id), _company
        from history.order_payments
        where _valid_to is null
    ),
    live_rows as (
        select 'orders_received' as resource, _company, number as key, hash(raw_orders_received) as content
        from raw_orders_received
        union all
        select 'line_items' as resource, _company, cast(id as varchar) as key, hash(raw_line_items) as content
        from raw_line_items
        union all
        select 'customers' as resource, _company, cast(id as varchar) as key, hash(raw_customers) as content
        from raw_customers
        union all
        select 'products' as resource, _company, cast(id as varchar) as key, hash(raw_products) as content
        from raw_products
        union all
        select 'order_payments' as resource, _company, cast(id as varchar) as key, hash(raw_order_payments) as content
        from raw_order_payments
    ),
    current_rows as (
        select 'orders_received' as resource, _company, number as key, hash(current_orders_received) as content
        from current_orders_received
        union all
        select 'line_items' as resource, _company, cast(id as varchar) as key, hash(current_line_items) as content
        from current_line_items
        union all
        select 'customers' as resource, _company, cast(id as varchar) as key, hash(current_customers) as content
        from current_customers
        union all
        select 'products' as resource, _company, cast(id as varchar) as key, hash(current_products) as content
        from current_products
        union all
        select 'order_payments' as resource, _company, cast(id as varchar) as key, hash(current_order_payments) as content
        from current_order_payments
    )
select
    coalesce(live_rows.resource, current_rows.resource) as resource,
    coalesce(live_rows._company, current_rows._company) as _company,
    coalesce(live_rows.key, current_rows.key) as key,
    count(live_rows.key) as live,
    count(current_rows.key) as current_versions
from live_rows
full join current_rows using (resource, _company, key)
group by all
having count(*) > 1 or count(live_rows.key) <> count(current_rows.key) or bool_or(live_rows.content <> current_rows.content)
