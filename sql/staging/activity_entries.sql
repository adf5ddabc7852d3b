-- One row per live activity that is not marked as deleted.
with
    activities as (
        select raw_activities.*, coalesce(companies.timezone, getvariable('timezone')) as timezone
        from raw.activity_entries as raw_activities
        left join meta.companies as companies on companies._company = raw_activities._company
        where raw_activities._deleted_at is null and not coalesce(raw_activities."delete", false)
    )
select
    _company,
    id as activity_id,
    nullif(type, '') as activity,
    -- When it happened; where LeafLink gives no time, when it was written down.
    coalesce("date", created_on) as happened_at,
    cast(coalesce("date", created_on) at time zone timezone as date) as happened_date,  -- Its local date.
    author as author_id,
    customer as customer_id,
    nullif(entry, '') as entry
from activities
