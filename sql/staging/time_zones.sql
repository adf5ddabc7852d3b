-- One row per company with rows: the zone in which its days begin and end.
with
    companies as (
        select _company from raw.orders_received
        union
        select _company from raw.order_payments
    )
select companies._company, coalesce(known.timezone, getvariable('timezone')) as timezone
from companies
left join meta.companies as known on known._company = companies._company
