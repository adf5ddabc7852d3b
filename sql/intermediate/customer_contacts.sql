-- One row per live customer and contact of it. The contact's own record decides; where it cannot be read, the customer's.
-- `money_place` is 1 for whom to call about money: a role that names accounts, then a phone, then the smaller id.
-- needs: customers
with
    customers as (select * from staging.customers),
    contacts as (select * from staging.contacts),
    listed as (select _company, customer_id, unnest(contacts) as contact from customers),
    entries as (
        select
            _company,
            customer_id,
            contact.id as contact_id,
            max(nullif(contact.first_name, '')) as first_name,
            max(nullif(contact.last_name, '')) as last_name,
            max(nullif(contact.role, '')) as role,
            max(nullif(contact.phone, '')) as phone,
            max(nullif(contact.email, '')) as email
        from listed
        where contact.id is not null
        group by _company, customer_id, contact.id
    ),
    merged as (
        select
            entries._company,
            entries.customer_id,
            entries.contact_id,
            case when contacts.contact_id is not null then contacts.first_name else entries.first_name end as first_name,
            case when contacts.contact_id is not null then contacts.last_name else entries.last_name end as last_name,
            case when contacts.contact_id is not null then contacts.role else entries.role end as role,
            case when contacts.contact_id is not null then contacts.phone else entries.phone end as phone,
            case when contacts.contact_id is not null then contacts.email else entries.email end as email
        from entries
        left join contacts on contacts._company = entries._company and contacts.contact_id = entries.contact_id
        where not coalesce(contacts.is_marked_deleted, false)
    ),
    ranked as (
        select
            *,
            nullif(concat_ws(' ', first_name, last_name), '') as contact_name,
            coalesce(
                regexp_matches(lower(role), 'account|payable|a/p|billing|finance|(^|[^a-z])ap([^a-z]|$)'), false
            ) as is_for_accounts
        from merged
    )
select
    _company,
    customer_id,
    contact_id,  -- The contact.
    contact_name,  -- First and last name; personal data.
    role,  -- What the contact does.
    phone,  -- Telephone with its extension; personal data.
    email,  -- E-mail address; personal data.
    -- Name, role in brackets and telephone, as far as they are known; personal data.
    nullif(concat_ws(' ', contact_name, '(' || role || ')', phone), '') as description,
    -- Place among the contacts of the customer when it is about money, from 1.
    row_number() over (
        partition by _company, customer_id
        order by
            case when is_for_accounts then 0 else 1 end,
            case when phone is not null then 0 else 1 end,
            contact_id
    ) as money_place
from ranked
