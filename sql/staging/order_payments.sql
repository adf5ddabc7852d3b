-- One row per live payment; refunds and bounced payments are negative.
with
    payments as (select * from raw.order_payments where _deleted_at is null)
select
    payments._company,
    payments.id as payment_id,
    "order" as order_number,
    total_amount as amount,
    total_currency as currency,
    payment_type,
    -- Few payments lack their date; the day on which they were recorded is the nearest that is known.
    cast(coalesce(payment_date, created_on) at time zone zones.timezone as date) as payment_date
from payments
join staging.time_zones as zones on zones._company = payments._company
