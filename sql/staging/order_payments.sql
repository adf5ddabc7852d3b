-- One row per live payment; refunds and bounced payments are negative.
with
    payments as (
        select raw_payments.*, coalesce(companies.timezone, getvariable('timezone')) as timezone
        from raw.order_payments as raw_payments
        left join meta.companies as companies on companies._company = raw_payments._company
        where raw_payments._deleted_at is null
    )
select
    _company,
    id as payment_id,
    "order" as order_number,
    -- Amount; a trillion or more is none. In whole cents, so that what orders show as paid is the sum of their payments.
    cast(round(case when abs(total_amount) < 1000000000000 then total_amount end, 2) as decimal(38, 2)) as amount,
    total_currency as currency,
    nullif(payment_type, '') as payment_type,
    nullif(reason, '') as reason,
    recorded_by,
    nullif(recorder_name, '') as recorder_name,
    created_on as recorded_at,
    cast(created_on at time zone timezone as date) as recorded_date,  -- Local date on which the payment was recorded.
    -- Local date of the payment. Few lack it; the day on which they were recorded is the nearest that is known.
    cast(coalesce(payment_date, created_on) at time zone timezone as date) as payment_date
from payments
