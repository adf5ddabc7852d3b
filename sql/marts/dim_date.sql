-- One row per day, from 2014-01-01 to the end of the year after as_of.
-- key: date
with
    bounds as (
        select
            cast(getvariable('as_of') as date) as as_of,
            cast(date_trunc('year', getvariable('as_of')) + interval 2 year as date) - 1 as last_date
    ),
    days as (
        select as_of, cast(day as date) as date
        from (select as_of, unnest(generate_series(date '2014-01-01', last_date, interval 1 day)) as day from bounds)
    ),
    months as (select *, cast(date_trunc('month', date) as date) as month, last_day(date) as month_end from days)
select
    cast(date as date) as date,  -- The day.
    cast(month as date) as month,  -- First day of its month.
    cast(month_end <= as_of as boolean) as is_complete_month,  -- Whether the whole month lies on or before as_of.
    cast(date_trunc('week', date) as date) as week,  -- Monday of its week.
    cast(date_trunc('quarter', date) as date) as quarter,  -- First day of its quarter.
    cast(year(date) as integer) as year,  -- Its year.
    cast(isodow(date) as integer) as weekday,  -- 1 for Monday to 7 for Sunday.
    cast(month_end as date) as month_end,  -- Last day of its month.
    cast(date_diff('day', date, as_of) as integer) as days_ago,  -- as_of - date; negative after it.
    cast(as_of as date) as as_of  -- The date that days_ago counts from.
from months
