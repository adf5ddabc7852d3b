-- One row per live status of customers.
with
    named as (select * from raw.customer_statuses where _deleted_at is null)
select _company, id as status_id, nullif(state, '') as status
from named
