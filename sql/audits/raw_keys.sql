-- severity: error
-- Every row of raw has a key, and no key twice.
with
    keys as (
        select 'orders_received' as resource, _company, number as key from raw.orders_received
        union all
        select 'line_items' as resource, _company, cast(id as varchar) as key from raw.line_items
        union all
        select 'customers' as resource, _company, cast(id as varchar) as key from raw.customers
        union all
        select 'products' as resource, _company, cast(id as varchar) as key from raw.products
        union all
        select 'order_payments' as resource, _company, cast(id as varchar) as key from raw.order_payments
    )
select resource, _company, key, count(*) as row_count
from keys
group by resource, _company, key
having count(*) > 1 or key is null or _company is null
