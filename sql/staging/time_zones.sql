-- One row per company: the zone in which its days begin and end. It reads no payments, so that what needs none of them
-- can be made while they are refused.
with
    companies as (
        select _company from raw.orders_received
        union
        select _company from meta.companies
    )
select companies._company, coalesce(known.timezone, getvariable('timezone')) as timezone
from companies
left join meta.companies as known on known._company = companies._company
