-- One row per live facility that holds stock.
with
    named as (select * from raw.inventory_facilities where _deleted_at is null)
select _company, id as facility_id, nullif(name, '') as facility_name
from named
