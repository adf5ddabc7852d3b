-- One row per live contact.
with
    contacts as (select * from raw.contacts where _deleted_at is null)
select
    _company,
    id as contact_id,
    nullif(first_name, '') as first_name,
    nullif(last_name, '') as last_name,
    nullif(role, '') as role,
    nullif(phone, '') || coalesce(' x' || nullif(phone_extension, ''), '')
        as phone,  -- Telephone with its extension; personal data.
    nullif(email, '') as email,
    coalesce("delete", false) as is_marked_deleted
from contacts
