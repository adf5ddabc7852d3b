-- One row per live strain.
with
    named as (select * from raw.strains where _deleted_at is null)
select _company, id as strain_id, nullif(name, '') as strain
from named
