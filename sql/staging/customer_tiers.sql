-- One row per live tier of customers.
with
    named as (select * from raw.customer_tiers where _deleted_at is null)
select _company, id as tier_id, nullif(rank, '') as tier
from named
