-- One row per live type of licence.
with
    named as (select * from raw.license_types where _deleted_at is null)
select _company, id as license_type_id, nullif(display_type, '') as license_type
from named
