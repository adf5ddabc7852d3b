-- One row per live brand.
with
    brands as (select * from raw.brands where _deleted_at is null)
select _company, id as brand_id, nullif(name, '') as brand_name, company as owner_id
from brands
