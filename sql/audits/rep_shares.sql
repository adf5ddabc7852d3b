-- severity: error
-- The shares of an order's reps add up to it, in sales and in what is open, to the cent; every order is there.
with
    shares as (
        select _company, order_number, sum(net_share) as net_share, sum(open_share) as open_share
        from marts.orders_assigned
        group by _company, order_number
    ),
    orders as (
        select _company, order_number, net_sales, case when is_billed then open_balance end as open_balance
        from marts.fct_orders
    )
select
    coalesce(orders._company, shares._company) as _company,
    coalesce(orders.order_number, shares.order_number) as order_number,
    orders.net_sales,
    shares.net_share,
    orders.open_balance,
    shares.open_share
from orders
full join shares on shares._company = orders._company and shares.order_number = orders.order_number
where coalesce(orders.net_sales, 0) <> coalesce(shares.net_share, 0)
    or coalesce(orders.open_balance, 0) <> coalesce(shares.open_share, 0)
    or orders.order_number is null
    or shares.order_number is null
