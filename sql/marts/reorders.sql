-- One row per seller, customer, brand and currency with sale lines: who stopped buying the brand, and who is due.
-- key: _company, seller_id, customer_id, brand_id, currency
-- needs: orders_received, line_items, products, customers
with
    brand_orders as (select * from intermediate.brand_orders where sale_lines > 0),
    placements as (select * from intermediate.placements),
    rhythms as (select * from intermediate.order_rhythms where level = 'brand'),
    doors as (select * from intermediate.doors),
    brands as (select * from staging.brands),
    sales as (
        select
            _company,
            seller_id,
            customer_id,
            brand_id,
            currency,
            count(*) as orders,
            sum(units) as units,
            round(sum(line_amount - discount), 2) as net_sales,
            round(sum(case when days_ago <= 364 then line_amount - discount else 0 end), 2) as net_sales_12m
        from brand_orders
        group by _company, seller_id, customer_id, brand_id, currency
    ),
    bought as (
        select distinct _company, seller_id, customer_id, brand_id, currency, product_id
        from placements
    ),
    products as (
        select _company, seller_id, customer_id, brand_id, currency, count(product_id) as products
        from bought
        group by _company, seller_id, customer_id, brand_id, currency
    )
select
    cast(sales._company as varchar) as _company,  -- Company of the configuration that the orders belong to.
    cast(sales.seller_id as bigint) as seller_id,  -- Selling company.
    cast(sales.customer_id as bigint) as customer_id,  -- The seller's record of a customer: a door.
    cast(doors.customer_name as varchar) as customer_name,  -- Nickname, else name, else the order's word.
    cast(doors.customer_state as varchar) as customer_state,  -- State of the customer.
    cast(sales.brand_id as bigint) as brand_id,  -- Brand of the lines' products; null for products without a brand.
    cast(brands.brand_name as varchar) as brand_name,  -- Name of the brand.
    cast(sales.currency as varchar) as currency,  -- Currency of every amount in the row.
    -- By days_since_order: active (at most 30), 31_60, 61_90 or over_90.
    cast(rhythms.band as varchar) as band,
    cast(rhythms.first_order_date as date) as first_order_date,  -- Date of its first sale line of the brand.
    cast(rhythms.last_order_date as date) as last_order_date,  -- Date of the last one.
    cast(rhythms.days_since_order as integer) as days_since_order,  -- as_of - last_order_date.
    cast(sales.orders as bigint) as orders,  -- Orders with a sale line of the brand.
    cast(rhythms.order_days as bigint) as order_days,  -- Distinct dates of these orders.
    cast(products.products as bigint) as products,  -- Distinct products of the brand that it bought.
    cast(sales.units as decimal(38, 4)) as units,  -- Base units of the sale lines.
    cast(sales.net_sales as decimal(38, 2)) as net_sales,  -- Their line amounts less their parts of the discounts.
    cast(sales.net_sales_12m as decimal(38, 2)) as net_sales_12m,  -- The same of the last 365 days.
    -- Median (the lower one) of the days between consecutive order days; null below three order days.
    cast(rhythms.median_gap_days as integer) as median_gap_days,
    cast(rhythms.next_order_date as date) as next_order_date,  -- last_order_date + median_gap_days.
    cast(rhythms.days_until_next as integer) as days_until_next,  -- next_order_date - as_of; negative when overdue.
    cast(getvariable('as_of') as date) as as_of  -- The date that the row is computed for.
from sales
join rhythms
    on rhythms._company = sales._company
    and rhythms.seller_id is not distinct from sales.seller_id
    and rhythms.customer_id is not distinct from sales.customer_id
    and rhythms.brand_id is not distinct from sales.brand_id
    and rhythms.currency is not distinct from sales.currency
join products
    on products._company = sales._company
    and products.seller_id is not distinct from sales.seller_id
    and products.customer_id is not distinct from sales.customer_id
    and products.brand_id is not distinct from sales.brand_id
    and products.currency is not distinct from sales.currency
left join doors on doors._company = sales._company and doors.customer_id = sales.customer_id
left join brands on brands._company = sales._company and brands.brand_id = sales.brand_id
