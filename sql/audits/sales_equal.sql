-- severity: error
-- Net sales are the same per seller and currency, and month where there are months, in every table that shows them: to
-- the cent by order, by customer, by rep and in the shares of the reps; by line, brand, product and reorder within half
-- a cent a row, since these are rounded row by row.
with
    orders as (
        select
            _company,
            seller_id,
            currency,
            cast(date_trunc('month', order_date) as date) as month,
            sum(net_sales) as net_sales,
            sum(case when customer_id is not null then net_sales end) as known_sales
        from marts.fct_orders
        where is_sale
        group by _company, seller_id, currency, cast(date_trunc('month', order_date) as date)
    ),
    in_lines as (  -- by the currency of the line: other currencies than the order's are in no order's sums
        select
            _company,
            seller_id,
            currency,
            cast(date_trunc('month', order_date) as date) as month,
            sum(line_amount - discount) as net_sales
        from intermediate.order_line_facts
        where is_sale
        group by _company, seller_id, currency, cast(date_trunc('month', order_date) as date)
    ),
    expected as (
        select 'orders_assigned' as source, _company, seller_id, currency, month, net_sales
        from orders
        union all
        select 'rep_performance' as source, _company, seller_id, currency, month, net_sales
        from orders
        union all
        select
            'customer_value' as source,
            _company,
            seller_id,
            currency,
            cast(null as date) as month,
            sum(known_sales) as net_sales
        from orders
        group by _company, seller_id, currency
        union all
        select 'brand_performance' as source, _company, seller_id, currency, month, round(net_sales, 2) as net_sales
        from in_lines
        union all
        select 'product_performance' as source, _company, seller_id, currency, month, round(net_sales, 2) as net_sales
        from in_lines
        union all
        select
            'reorders' as source,
            _company,
            seller_id,
            currency,
            cast(null as date) as month,
            round(sum(net_sales), 2) as net_sales
        from in_lines
        group by _company, seller_id, currency
    ),
    found as (
        select
            'orders_assigned' as source,
            _company,
            seller_id,
            currency,
            cast(date_trunc('month', order_date) as date) as month,
            sum(net_share) as net_sales,
            0 as rounded_rows
        from marts.orders_assigned
        where is_sale
        group by _company, seller_id, currency, cast(date_trunc('month', order_date) as date)
        union all
        select
            'rep_performance' as source,
            _company,
            seller_id,
            currency,
            month,
            sum(net_sales) as net_sales,
            0 as rounded_rows
        from marts.rep_performance
        group by _company, seller_id, currency, month
        union all
        select
            'customer_value' as source,
            _company,
            seller_id,
            currency,
            cast(null as date) as month,
            sum(net_sales) as net_sales,
            0 as rounded_rows
        from marts.customer_value
        group by _company, seller_id, currency
        union all
        select
            'brand_performance' as source,
            _company,
            seller_id,
            currency,
            month,
            sum(net_sales) as net_sales,
            count(*) as rounded_rows
        from marts.brand_performance
        group by _company, seller_id, currency, month
        union all
        select
            'product_performance' as source,
            _company,
            seller_id,
            currency,
            month,
            sum(net_sales) as net_sales,
            count(*) as rounded_rows
        from marts.product_performance
        group by _company, seller_id, currency, month
        union all
        select
            'reorders' as source,
            _company,
            seller_id,
            currency,
            cast(null as date) as month,
            sum(net_sales) as net_sales,
            count(*) as rounded_rows
        from marts.reorders
        group by _company, seller_id, currency
    )
select
    coalesce(expected._company, found._company) as _company,
    coalesce(expected.source, found.source) as source,
    coalesce(expected.seller_id, found.seller_id) as seller_id,
    coalesce(expected.currency, found.currency) as currency,
    coalesce(expected.month, found.month) as month,
    expected.net_sales as expected_sales,
    found.net_sales as source_sales
from expected
full join found
    on found._company = expected._company
    and found.source = expected.source
    and found.seller_id is not distinct from expected.seller_id
    and found.currency is not distinct from expected.currency
    and found.month is not distinct from expected.month
where abs(coalesce(expected.net_sales, 0) - coalesce(found.net_sales, 0))
    > case when coalesce(found.rounded_rows, 0) > 0 then (found.rounded_rows + 1) * 0.005 else 0 end
