-- One row per live order that has reps: their names in a list, and how many they are.
with
    reps as (select * from intermediate.order_reps),
    lists as (
        select
            _company,
            order_number,
            max(rep_count) as rep_count,
            array_to_string(list_sort(array_agg(distinct rep_name) filter (where rep_name is not null)), '; ') as reps
        from reps
        where rep_count > 1
        group by _company, order_number
    )
select
    _company,
    order_number,
    rep_count,  -- Reps on the order.
    rep_name as reps  -- Their names, joined by semicolons; personal data.
from reps
where rep_count = 1
union all
select _company, order_number, rep_count, nullif(reps, '') as reps
from lists
