-- One row per day that expected_cash looks ahead from: as_of and the six month ends before it.
with
    dates as (
        select
            date,
            as_of,
            row_number() over (partition by date = as_of order by date desc) as place,
            date = as_of as is_as_of
        from marts.dim_date
        where date = as_of or (date = month_end and date < as_of)
    )
select
    date as origin,  -- The day that is looked ahead from.
    as_of
from dates
where is_as_of or place <= 6
