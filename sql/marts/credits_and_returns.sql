-- One row per credit that is not archived.
-- key: _company, credit_id
-- needs: credits, customers
with
    credits as (select * from staging.credits),
    customers as (select * from staging.customers),
    brands as (select * from staging.brands)
select
    cast(credits._company as varchar) as _company,  -- Company of the configuration that the credit belongs to.
    cast(credits.credit_id as bigint) as credit_id,  -- Key of the credit.
    cast(credits.seller_id as bigint) as seller_id,  -- Selling company.
    cast(credits.customer_id as bigint) as customer_id,  -- The seller's record of a customer: a door.
    -- Nickname of the customer, else its name, else the credit's word.
    cast(coalesce(customers.customer_name, credits.customer_name) as varchar) as customer_name,
    cast(credits.brand_id as bigint) as brand_id,  -- Brand that the credit is for; null for any.
    cast(brands.brand_name as varchar) as brand_name,  -- Name of the brand.
    cast(credits.order_number as varchar) as order_number,  -- Order that it was granted for.
    cast(credits.currency as varchar) as currency,  -- Currency of the amount.
    cast(credits.credit_date as date) as credit_date,  -- Local date of the credit.
    cast(date_diff('day', credits.credit_date, getvariable('as_of')) as integer) as days_ago,  -- as_of - credit_date.
    cast(round(credits.amount, 2) as decimal(38, 2)) as amount,  -- Amount of the credit.
    cast(credits.status as varchar) as status,  -- active, used or cancelled.
    cast(credits.reason as varchar) as reason,  -- Reason as LeafLink codes it.
    -- The reason's kind: return (it holds "return"), promo (it begins with promo_) or other.
    cast(
        case
            when lower(credits.reason) like '%return%' then 'return'
            when starts_with(lower(credits.reason), 'promo_') then 'promo'
            else 'other'
        end as varchar
    ) as reason_group,
    cast(credits.applied_to as varchar) as applied_to,  -- Order that it was used for.
    cast(getvariable('as_of') as date) as as_of  -- The date that the row is computed for.
from credits
left join customers on customers._company = credits._company and customers.customer_id = credits.customer_id
left join brands on brands._company = credits._company and brands.brand_id = credits.brand_id
