-- One row per live member of staff.
with
    staff as (select * from raw.company_staff where _deleted_at is null)
select
    _company,
    id as staff_id,
    company as company_id,
    nullif(display_name, '') as staff_name,
    nullif(username, '') as username,
    nullif(email, '') as email,
    nullif(phone, '') as phone,
    coalesce(is_active, false) as is_active,
    coalesce(is_admin, false) as is_admin
from staff
