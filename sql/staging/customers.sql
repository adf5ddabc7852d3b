-- One row per live customer record of a seller.
with
    customers as (
        select raw_customers.*, coalesce(companies.timezone, getvariable('timezone')) as timezone
        from raw.customers as raw_customers
        left join meta.companies as companies on companies._company = raw_customers._company
        where raw_customers._deleted_at is null
    )
select
    _company,
    id as customer_id,
    owner as seller_id,
    partner as partner_id,
    coalesce(nullif(nickname, ''), nullif(name, '')) as customer_name,  -- Nickname, else the name.
    nullif(name, '') as legal_name,
    nullif(state, '') as state,
    nullif(currency, '') as currency,
    nullif(license_number, '') as license_number,
    license_type as license_type_id,
    coalesce(license_inactive, false) as is_license_inactive,
    tier as tier_id,
    status as status_id,
    service_zone as service_zone_id,
    nullif(city, '') as city,
    -- Street, unit, city, state and zip code, joined by commas; what is unknown is left out. Personal data.
    nullif(
        concat_ws(', ', nullif(address, ''), nullif(unit_number, ''), nullif(city, ''), nullif(state, ''), nullif(zipcode, '')),
        ''
    ) as address,
    nullif(phone, '') || coalesce(' x' || nullif(phone_extension, ''), '')
        as phone,  -- Telephone with its extension; personal data.
    nullif(email, '') as email,
    contacts,
    managers,
    -- Discount in percent; a trillion or more is none.
    case when abs(discount_percent) < 1000000000000 then discount_percent end as discount_percent,
    -- Local date on which to speak to the customer next.
    cast(next_contact_date at time zone timezone as date) as next_contact_date,
    -- Local date on which the customer last looked at the seller's menu.
    cast(leaflink_last_views at time zone timezone as date) as last_viewed_date,
    cast(created_on at time zone timezone as date) as created_date,  -- Local date on which the record was created.
    delinquent as is_delinquent,
    coalesce(archived, false) as is_archived
from customers
