-- One row per brand.
-- key: _company, brand_id
-- needs: brands
with
    brands as (select * from staging.brands),
    companies as (select * from staging.companies)
select
    cast(brands._company as varchar) as _company,  -- Company of the configuration that the brand belongs to.
    cast(brands.brand_id as bigint) as brand_id,  -- Key of the brand.
    cast(brands.brand_name as varchar) as brand_name,  -- Name of the brand.
    cast(brands.owner_id as bigint) as owner_id,  -- Company that owns it.
    cast(companies.company_name as varchar) as owner_name,  -- Name of that company.
    cast(companies.company_id is not null as boolean) as is_owned  -- Whether the key sees that company.
from brands
left join companies on companies._company = brands._company and companies.company_id = brands.owner_id
