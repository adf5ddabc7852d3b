-- One row per live company that the key sees.
with
    companies as (select * from raw.companies where _deleted_at is null)
select
    _company,
    id as company_id,
    nullif(name, '') as company_name,
    nullif(state, '') as state,
    coalesce(seller, false) as is_seller,
    coalesce(buyer, false) as is_buyer
from companies
