-- One row per headline, item, seller and currency: the figures that a later load compares with.
with
    summary as (select * from marts.ar_summary),
    open_orders as (select * from marts.ar_aging),
    sales as (select *, cast(date_trunc('month', order_date) as date) as month from marts.fct_orders where is_sale),
    payments as (
        select *, cast(date_trunc('month', payment_date) as date) as month from marts.fct_payments where is_counted
    ),
    products as (select * from marts.dim_products),
    customers as (select * from marts.dim_customers),
    monthly_sales as (
        select _company, seller_id, currency, month, sum(net_sales) as net_sales, count(*) as orders
        from sales
        group by _company, seller_id, currency, month
    ),
    monthly_payments as (
        select _company, seller_id, currency, month, coalesce(sum(amount), 0) as amount
        from payments
        group by _company, seller_id, currency, month
    ),
    items as (
        select _company, seller_id, 'open_net' as headline, bucket as item, currency, cast(sum(open_balance) as decimal(38, 4)) as amount
        from open_orders
        group by _company, seller_id, bucket, currency
        union all
        select _company, seller_id, 'net_sales' as headline, cast(month as varchar) as item, currency,
            cast(net_sales as decimal(38, 4)) as amount
        from monthly_sales
        union all
        select _company, seller_id, 'orders' as headline, cast(month as varchar) as item, currency, orders as amount
        from monthly_sales
        union all
        select _company, seller_id, 'payments' as headline, cast(month as varchar) as item, currency,
            cast(amount as decimal(38, 4)) as amount
        from monthly_payments
    ),
    totals as (
        select _company, seller_id, 'open_net' as headline, currency, cast(open_net as decimal(38, 4)) as amount
        from summary
        union all
        select _company, seller_id, 'committed_exposure' as headline, currency,
            cast(committed_exposure as decimal(38, 4)) as amount
        from summary
        union all
        select _company, seller_id, headline, currency, cast(sum(amount) as decimal(38, 4)) as amount
        from items
        where headline <> 'open_net'
        group by _company, seller_id, headline, currency
        union all
        select _company, seller_id, 'on_hand' as headline, null as currency, sum(coalesce(on_hand, 0)) as amount
        from products
        group by _company, seller_id
        union all
        select _company, seller_id, 'products' as headline, null as currency, count(*) as amount
        from products
        group by _company, seller_id
        union all
        select _company, seller_id, 'customers' as headline, null as currency, count(*) as amount
        from customers
        group by _company, seller_id
    ),
    headlines as (
        select _company, seller_id, headline, item, currency, amount from items
        union all
        select _company, seller_id, headline, 'total' as item, currency, amount from totals
    )
select
    cast(_company as varchar) as _company,  -- Company of the configuration.
    cast(seller_id as bigint) as seller_id,  -- Selling company.
    -- The figure: open_net, net_sales, orders, payments, committed_exposure, on_hand, products or customers.
    cast(headline as varchar) as headline,
    cast(item as varchar) as item,  -- What it is of: total, a bucket of receivables, or the first day of a month.
    cast(currency as varchar) as currency,  -- Currency; null where the figure has none.
    cast(amount as decimal(38, 4)) as amount  -- The figure.
from headlines
