-- One row per live credit that is not archived.
with
    credits as (
        select raw_credits.*, coalesce(companies.timezone, getvariable('timezone')) as timezone
        from raw.credits as raw_credits
        left join meta.companies as companies on companies._company = raw_credits._company
        where raw_credits._deleted_at is null and not coalesce(raw_credits.archived, false)
    )
select
    _company,
    id as credit_id,
    company as seller_id,
    customer.id as customer_id,  -- The seller's record of the customer.
    nullif(customer.display_name, '') as customer_name,  -- Nickname of the customer, else its name.
    brand as brand_id,
    nullif("order", '') as order_number,
    nullif(applied_to, '') as applied_to,
    case when abs(amount_amount) < 1000000000000 then amount_amount end as amount,  -- Amount; a trillion or more is none.
    nullif(amount_currency, '') as currency,
    cast(credit_date at time zone timezone as date) as credit_date,  -- Local date of the credit.
    nullif(status, '') as status,
    nullif(reason, '') as reason
from credits
