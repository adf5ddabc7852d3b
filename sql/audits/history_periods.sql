-- severity: error
-- The versions of a row follow each other without an overlap, and without a gap unless the row was deleted in between.
-- Rows with one version are looked at alone: putting all of them in order costs four times as much.
with
    versions as (
        select 'orders_received' as resource, _company, number as key, _valid_from, _valid_to, _was_deleted
        from history.orders_received
        union all
        select 'line_items' as resource, _company, cast(id as varchar) as key, _valid_from, _valid_to, _was_deleted
        from history.line_items
        union all
        select 'customers' as resource, _company, cast(id as varchar) as key, _valid_from, _valid_to, _was_deleted
        from history.customers
        union all
        select 'products' as resource, _company, cast(id as varchar) as key, _valid_from, _valid_to, _was_deleted
        from history.products
        union all
        select 'order_payments' as resource, _company, cast(id as varchar) as key, _valid_from, _valid_to, _was_deleted
        from history.order_payments
    ),
    changed as (
        select 'orders_received' as resource, _company, number as key
        from past.orders_received
        union
        select 'line_items' as resource, _company, cast(id as varchar) as key
        from past.line_items
        union
        select 'customers' as resource, _company, cast(id as varchar) as key
        from past.customers
        union
        select 'products' as resource, _company, cast(id as varchar) as key
        from past.products
        union
        select 'order_payments' as resource, _company, cast(id as varchar) as key
        from past.order_payments
    ),
    followed as (
        select
            *,
            lead(_valid_from) over (partition by resource, _company, key order by _valid_from) as next_valid_from
        from versions
        semi join changed using (resource, _company, key)
        union all
        select *, cast(null as timestamptz) as next_valid_from
        from versions
        anti join changed using (resource, _company, key)
    )
select resource, _company, key, _valid_from, _valid_to, _was_deleted, next_valid_from
from followed
where _valid_from is null
    or _was_deleted is null
    or _valid_to <= _valid_from
    or (_valid_to is null and (_was_deleted or next_valid_from is not null))
    or (_valid_to is not null and _was_deleted and next_valid_from < _valid_to)
    or (_valid_to is not null and not _was_deleted and next_valid_from is distinct from _valid_to)
