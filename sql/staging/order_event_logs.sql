-- One row per live entry of the order log.
with
    events as (
        select raw_events.*, coalesce(companies.timezone, getvariable('timezone')) as timezone
        from raw.order_event_logs as raw_events
        left join meta.companies as companies on companies._company = raw_events._company
        where raw_events._deleted_at is null
    )
select
    _company,
    id as event_id,
    "order" as order_number,
    nullif(event_type, '') as event_type,
    -- When it happened; where LeafLink gives no time, when it was written down.
    coalesce("timestamp", created_on) as event_at,
    cast(coalesce("timestamp", created_on) at time zone timezone as date) as event_date,  -- Its local date.
    nullif(author_name, '') as author,
    nullif("by", '') as username,
    nullif(description, '') as description,
    nullif(source, '') as source
from events
