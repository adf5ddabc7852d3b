-- One row per live order and member of staff on it, with the name of the staff list, else of the order.
-- `place` numbers the reps of an order by id: the cents that a division leaves over go to the first ones.
-- needs: orders_received
with
    orders as (select * from staging.orders_received),
    staff as (select * from staging.company_staff),
    listed as (select _company, order_number, unnest(sales_reps) as rep from orders),
    named as (
        select _company, order_number, rep.id as rep_id, max(nullif(rep."user", '')) as order_name
        from listed
        where rep.id is not null
        group by _company, order_number, rep.id
    )
select
    named._company,
    named.order_number,
    named.rep_id,  -- Member of staff on the order.
    -- Name in the staff list, else in the order; personal data.
    coalesce(staff.staff_name, named.order_name) as rep_name,
    -- Place among the reps of the order, by id, from 1.
    row_number() over (partition by named._company, named.order_number order by named.rep_id) as place,
    count(*) over (partition by named._company, named.order_number) as rep_count  -- Reps on the order.
from named
left join staff on staff._company = named._company and staff.staff_id = named.rep_id
