-- One row per company that the key sees.
-- key: _company, company_id
-- needs: companies
with
    companies as (select * from staging.companies)
select
    cast(_company as varchar) as _company,  -- Company of the configuration that it was read for.
    cast(company_id as bigint) as company_id,  -- Key of the company.
    cast(company_name as varchar) as company_name,  -- Name of the company.
    cast(state as varchar) as state,  -- State of the company.
    cast(is_seller as boolean) as is_seller,  -- Whether it sells.
    cast(is_buyer as boolean) as is_buyer  -- Whether it buys.
from companies
