-- One row per member of staff.
-- key: _company, staff_id
-- needs: company_staff
with
    staff as (select * from staging.company_staff)
select
    cast(_company as varchar) as _company,  -- Company of the configuration that the person belongs to.
    cast(staff_id as bigint) as staff_id,  -- Key of the member of staff.
    cast(staff_name as varchar) as staff_name,  -- Name; personal data.
    cast(username as varchar) as username,  -- Name to sign in with; personal data.
    cast(email as varchar) as email,  -- Address for mail; personal data.
    cast(phone as varchar) as phone,  -- Phone; personal data.
    cast(company_id as bigint) as company_id,  -- Company that employs the person.
    cast(is_active as boolean) as is_active,  -- Whether the account is active.
    cast(is_admin as boolean) as is_admin  -- Whether the person may administer the company.
from staff
