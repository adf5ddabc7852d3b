-- One row per company and resource that the marts stand on: its live rows now, and at the last load.
with
    counted as (
        select _company, 'orders_received' as resource, count(*) as row_count from staging.orders_received group by _company
        union all
        select _company, 'line_items' as resource, count(*) as row_count from staging.line_items group by _company
        union all
        select _company, 'order_payments' as resource, count(*) as row_count from staging.order_payments group by _company
        union all
        select _company, 'customers' as resource, count(*) as row_count from staging.customers group by _company
        union all
        select _company, 'products' as resource, count(*) as row_count from staging.products group by _company
    ),
    before as (select * from previous.volumes)
select
    cast(coalesce(counted._company, before._company) as varchar) as _company,  -- Company of the configuration.
    cast(coalesce(counted.resource, before.resource) as varchar) as resource,  -- The resource.
    cast(coalesce(counted.row_count, 0) as bigint) as row_count,  -- Its live rows now.
    cast(before.row_count as bigint) as rows_before  -- Its live rows at the last published load; null where it had none.
from counted
full join before on before._company = counted._company and before.resource = counted.resource
