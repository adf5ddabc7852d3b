-- One row per seller, known customer and product that was sampled in a booked order of as_of or earlier: did it buy?
-- The rate is converted / (converted + not_converted) of the rows where is_mature.
-- key: _company, seller_id, customer_id, product_id
-- needs: orders_received, line_items, products, customers
with
    lines as (
        select *
        from intermediate.order_line_facts
        where is_booked and days_ago >= 0 and customer_id is not null and product_id is not null
    ),
    samples as (
        select
            _company,
            seller_id,
            customer_id,
            product_id,
            min(order_date) as first_sample_date,
            count(distinct order_number) as sample_orders,
            coalesce(sum(units), 0) as sample_units
        from lines
        where is_sample
        group by _company, seller_id, customer_id, product_id
    ),
    purchases as (
        select _company, seller_id, customer_id, product_id, order_date
        from lines
        where is_sale
    ),
    converted as (
        select
            samples._company,
            samples.seller_id,
            samples.customer_id,
            samples.product_id,
            max(samples.first_sample_date) as first_sample_date,
            max(samples.sample_orders) as sample_orders,
            max(samples.sample_units) as sample_units,
            min(purchases.order_date) as first_sale_date,
            min(case when purchases.order_date > samples.first_sample_date then purchases.order_date end)
                as first_purchase_date
        from samples
        left join purchases
            on purchases._company = samples._company
            and purchases.seller_id is not distinct from samples.seller_id
            and purchases.customer_id = samples.customer_id
            and purchases.product_id = samples.product_id
        group by samples._company, samples.seller_id, samples.customer_id, samples.product_id
    ),
    dated as (
        select
            *,
            date_diff('day', first_sample_date, first_purchase_date) as days_to_purchase,
            date_diff('day', first_sample_date, getvariable('as_of')) >= 60 as is_mature
        from converted
    ),
    doors as (select * from intermediate.doors),
    products as (select * from intermediate.named_products)
select
    cast(dated._company as varchar) as _company,  -- Company of the configuration that the orders belong to.
    cast(dated.seller_id as bigint) as seller_id,  -- Selling company.
    cast(dated.customer_id as bigint) as customer_id,  -- The seller's record of a customer: a door.
    cast(doors.customer_name as varchar) as customer_name,  -- Nickname, else name, else the order's word.
    cast(dated.product_id as bigint) as product_id,  -- Product.
    cast(products.product_name as varchar) as product_name,  -- Display name of the product, else its name.
    cast(products.brand_id as bigint) as brand_id,  -- Brand of the product; null for products without a brand.
    cast(products.brand_name as varchar) as brand_name,  -- Name of the brand.
    cast(dated.first_sample_date as date) as first_sample_date,  -- Date of the first booked order with a sample of it.
    cast(dated.sample_orders as bigint) as sample_orders,  -- Booked orders with a sample of it.
    cast(dated.sample_units as decimal(38, 4)) as sample_units,  -- Base units of these samples.
    cast(dated.first_purchase_date as date) as first_purchase_date,  -- First sale line dated after first_sample_date.
    cast(dated.days_to_purchase as integer) as days_to_purchase,  -- first_purchase_date - first_sample_date.
    cast(dated.is_mature as boolean) as is_mature,  -- Whether it was first sampled 60 or more days before as_of.
    -- The first that holds: bought_before (a sale line up to first_sample_date), converted (days_to_purchase at most
    -- 60), not_converted (is_mature), open.
    cast(
        case
            when dated.first_sale_date <= dated.first_sample_date then 'bought_before'
            when dated.days_to_purchase <= 60 then 'converted'
            when dated.is_mature then 'not_converted'
            else 'open'
        end as varchar
    ) as outcome,
    cast(getvariable('as_of') as date) as as_of  -- The date that the row is computed for.
from dated
left join doors on doors._company = dated._company and doors.customer_id = dated.customer_id
left join products on products._company = dated._company and products.product_id = dated.product_id
