-- One row per customer: the seller's record of a store, a door.
-- key: _company, customer_id
-- needs: customers
with
    customers as (select * from staging.customers),
    tiers as (select * from staging.customer_tiers),
    statuses as (select * from staging.customer_statuses),
    license_types as (select * from staging.license_types),
    staff as (select * from staging.company_staff),
    contacts as (select * from intermediate.customer_contacts),
    contact_lists as (
        select
            _company,
            customer_id,
            array_to_string(list_sort(array_agg(distinct description) filter (where description is not null)), '; ')
                as contacts
        from contacts
        group by _company, customer_id
    ),
    to_call as (select * from contacts where money_place = 1),
    managed as (select _company, customer_id, unnest(managers) as staff_id from customers),
    manager_lists as (
        select
            managed._company,
            managed.customer_id,
            count(distinct managed.staff_id) as manager_count,
            array_to_string(
                list_sort(array_agg(distinct staff.staff_name) filter (where staff.staff_name is not null)), '; '
            ) as managers
        from managed
        left join staff on staff._company = managed._company and staff.staff_id = managed.staff_id
        group by managed._company, managed.customer_id
    )
select
    cast(customers._company as varchar) as _company,  -- Company of the configuration that the customer belongs to.
    cast(customers.customer_id as bigint) as customer_id,  -- Key of the customer.
    cast(customers.customer_name as varchar) as customer_name,  -- Nickname, else name.
    cast(customers.state as varchar) as customer_state,  -- State of the customer.
    cast(customers.seller_id as bigint) as seller_id,  -- Selling company whose record it is.
    cast(customers.currency as varchar) as currency,  -- Currency that the customer buys in.
    cast(customers.legal_name as varchar) as legal_name,  -- Name.
    cast(customers.partner_id as bigint) as partner_id,  -- Buying company.
    cast(customers.license_number as varchar) as license_number,  -- Number of the licence.
    cast(license_types.license_type as varchar) as license_type,  -- Type of the licence, as displayed.
    cast(customers.is_license_inactive as boolean) as is_license_inactive,  -- Whether the licence is marked inactive.
    -- Whether it has a licence number that is not inactive.
    cast(customers.license_number is not null and not customers.is_license_inactive as boolean) as is_licensed,
    cast(tiers.tier as varchar) as tier,  -- Name of its tier.
    cast(statuses.status as varchar) as customer_status,  -- The seller's status for it, in words.
    cast(customers.service_zone_id as bigint) as service_zone_id,  -- Service zone; its name is not in the API.
    cast(customers.city as varchar) as city,  -- City; personal data.
    cast(customers.address as varchar) as address,  -- Street, unit, city, state and postal code; personal data.
    cast(customers.phone as varchar) as phone,  -- Phone with its extension; personal data.
    cast(customers.email as varchar) as email,  -- Address for mail; personal data.
    cast(nullif(contact_lists.contacts, '') as varchar) as contacts,  -- People with role and phone; personal data.
    -- Whom to call about money: by a role that names accounts, then with a phone, then the smaller id.
    cast(to_call.contact_id as bigint) as contact_id,
    cast(to_call.contact_name as varchar) as contact_name,  -- Name of that contact; personal data.
    cast(to_call.role as varchar) as contact_role,  -- Role of that contact.
    cast(to_call.phone as varchar) as contact_phone,  -- Phone of that contact; personal data.
    cast(to_call.email as varchar) as contact_email,  -- Address for mail of that contact; personal data.
    cast(nullif(manager_lists.managers, '') as varchar) as managers,  -- Names of the account managers; personal data.
    cast(coalesce(manager_lists.manager_count, 0) as bigint) as manager_count,  -- How many account managers it has.
    cast(customers.discount_percent as decimal(38, 4)) as discount_percent,  -- Standing discount in percent.
    cast(customers.next_contact_date as date) as next_contact_date,  -- When somebody promised to call.
    -- Local date on which it last looked at the seller's products.
    cast(customers.last_viewed_date as date) as last_viewed_date,
    cast(customers.created_date as date) as created_date,  -- Local date on which the record was created.
    cast(coalesce(customers.is_delinquent, false) as boolean) as is_delinquent,  -- Whether it is behind on payments.
    cast(customers.is_archived as boolean) as is_archived  -- Whether the record is archived.
from customers
left join tiers on tiers._company = customers._company and tiers.tier_id = customers.tier_id
left join statuses on statuses._company = customers._company and statuses.status_id = customers.status_id
left join license_types
    on license_types._company = customers._company and license_types.license_type_id = customers.license_type_id
left join contact_lists
    on contact_lists._company = customers._company and contact_lists.customer_id = customers.customer_id
left join to_call on to_call._company = customers._company and to_call.customer_id = customers.customer_id
left join manager_lists
    on manager_lists._company = customers._company and manager_lists.customer_id = customers.customer_id
