-- severity: warn
-- No sale of a month that was closed at the last load has changed since. The orders that did are listed.
with
    changed as (  -- an order that is gone has its date in raw
        select
            changes.*,
            cast(
                orders.created_on at time zone coalesce(companies.timezone, getvariable('timezone')) as date
            ) as order_date
        from marts.order_changes as changes
        join raw.orders_received as orders
            on orders._company = changes._company and orders.number = changes.order_number
        left join meta.companies as companies on companies._company = changes._company
        where changes.run_id = getvariable('run_id') and changes.net_sales_before <> changes.net_sales_after
    ),
    loads as (select load_id, as_of from meta.loads)
select
    changed._company,
    changed.order_number,
    changed.short_id,
    changed.kind,
    changed.order_date,
    changed.net_sales_before,
    changed.net_sales_after
from changed
join loads on loads.load_id = changed.previous_run_id
where changed.order_date < cast(date_trunc('month', loads.as_of + 1) as date)
