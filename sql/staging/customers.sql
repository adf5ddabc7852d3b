-- One row per live customer record of a seller.
with
    customers as (select * from raw.customers where _deleted_at is null)
select
    _company,
    id as customer_id,
    owner as owner_id,
    partner as partner_id,
    coalesce(nullif(nickname, ''), name) as customer_name,
    state,
    delinquent as is_delinquent,
    coalesce(archived, false) as is_archived
from customers
