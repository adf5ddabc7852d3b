-- severity: error
-- The totals of open_net and net_sales that this load changed are the sums of the orders that it changed.
with
    headlines as (
        select _company, seller_id, currency, headline, change
        from marts.changes
        where run_id = getvariable('run_id') and item = 'total' and headline in ('open_net', 'net_sales')
    ),
    orders as (
        select _company, seller_id, currency, 'open_net' as headline, sum(open_after - open_before) as change
        from marts.order_changes
        where run_id = getvariable('run_id')
        group by _company, seller_id, currency
        union all
        select _company, seller_id, currency, 'net_sales' as headline, sum(net_sales_after - net_sales_before) as change
        from marts.order_changes
        where run_id = getvariable('run_id')
        group by _company, seller_id, currency
    )
select
    coalesce(headlines._company, orders._company) as _company,
    coalesce(headlines.seller_id, orders.seller_id) as seller_id,
    coalesce(headlines.currency, orders.currency) as currency,
    coalesce(headlines.headline, orders.headline) as headline,
    headlines.change as headline_change,
    orders.change as orders_change
from headlines
full join orders
    on orders._company = headlines._company
    and orders.seller_id is not distinct from headlines.seller_id
    and orders.currency is not distinct from headlines.currency
    and orders.headline = headlines.headline
where coalesce(headlines.change, 0) <> coalesce(orders.change, 0)
