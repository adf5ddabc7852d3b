-- One row per seller, product, month and currency with lines in booked orders of as_of or earlier: list against net.
-- key: _company, seller_id, product_id, month, currency
-- needs: orders_received, line_items, products, customers
with
    lines as (
        select *, cast(date_trunc('month', order_date) as date) as month
        from intermediate.order_line_facts
        where is_booked and days_ago >= 0
    ),
    placements as (select * from intermediate.placements),
    products as (select * from intermediate.named_products),
    sums as (
        select
            _company,
            seller_id,
            product_id,
            month,
            currency,
            round(coalesce(sum(case when is_sale then list_amount end), 0), 2) as list_sales,
            round(coalesce(sum(case when is_sale then line_amount end), 0), 2) as gross_sales,
            coalesce(sum(case when is_sale then discount end), 0) as discount,
            coalesce(sum(case when is_sale then units end), 0) as units,
            coalesce(sum(case when is_sale then cases end), 0) as cases,
            coalesce(sum(case when is_sample then units end), 0) as sample_units,
            count(distinct case when is_sale then order_number end) as orders
        from lines
        group by _company, seller_id, product_id, month, currency
    ),
    placed as (
        select *, min(month) over (partition by _company, seller_id, product_id, customer_id) as first_month
        from placements
        where customer_id is not null
    ),
    doors as (
        select
            _company,
            seller_id,
            product_id,
            month,
            currency,
            count(*) as doors,
            count(case when month = first_month then 1 end) as new_doors
        from placed
        group by _company, seller_id, product_id, month, currency
    ),
    totals as (
        select
            sums._company,
            sums.seller_id,
            sums.product_id,
            sums.month,
            sums.currency,
            cast(sums.list_sales as decimal(38, 2)) as list_sales,
            cast(sums.gross_sales as decimal(38, 2)) as gross_sales,
            cast(sums.discount as decimal(38, 2)) as discount,
            cast(sums.units as decimal(38, 4)) as units,
            cast(sums.cases as decimal(38, 4)) as cases,
            cast(sums.sample_units as decimal(38, 4)) as sample_units,
            sums.orders,
            coalesce(doors.doors, 0) as doors,
            coalesce(doors.new_doors, 0) as new_doors
        from sums
        left join doors
            on doors._company = sums._company
            and doors.seller_id is not distinct from sums.seller_id
            and doors.product_id is not distinct from sums.product_id
            and doors.month = sums.month
            and doors.currency is not distinct from sums.currency
    ),
    scaled as (  -- ratios are divided in cents and ten-thousandths, since dividing decimals gives doubles
        select
            *,
            gross_sales - discount as net_sales,
            cast((gross_sales - discount) * 100 as hugeint) as net_cents,
            cast(list_sales * 100 as hugeint) as list_cents,
            cast(cases * 10000 as hugeint) as cases_scaled
        from totals
    )
select
    cast(scaled._company as varchar) as _company,  -- Company of the configuration that the orders belong to.
    cast(scaled.seller_id as bigint) as seller_id,  -- Selling company.
    cast(scaled.product_id as bigint) as product_id,  -- Product; null for lines without one.
    cast(products.product_name as varchar) as product_name,  -- Display name of the product, else its name.
    cast(products.brand_id as bigint) as brand_id,  -- Brand of the product; null for products without a brand.
    cast(products.brand_name as varchar) as brand_name,  -- Name of the brand.
    cast(products.product_line as varchar) as product_line,  -- Product line of the product.
    cast(products.category as varchar) as category,  -- Category of the product.
    cast(scaled.month as date) as month,  -- First day of the local month in which the orders were created.
    cast(scaled.currency as varchar) as currency,  -- Currency of every amount in the row.
    -- Whether the whole month lies on or before as_of.
    cast(last_day(scaled.month) <= getvariable('as_of') as boolean) as is_complete_month,
    cast(scaled.list_sales as decimal(38, 2)) as list_sales,  -- List amounts of the sale lines.
    cast(scaled.gross_sales as decimal(38, 2)) as gross_sales,  -- Their line amounts, before discount.
    cast(scaled.discount as decimal(38, 2)) as discount,  -- The lines' parts of their orders' discounts.
    cast(scaled.net_sales as decimal(38, 2)) as net_sales,  -- gross_sales - discount.
    -- net_sales / list_sales.
    cast(
        cast(
            (20000 * net_cents + case when net_cents < 0 then -abs(list_cents) else abs(list_cents) end)
            // nullif(2 * list_cents, 0) as decimal(38, 0)
        ) * 0.0001 as decimal(38, 4)
    ) as realization,
    cast(scaled.units as decimal(38, 4)) as units,  -- Base units sold, without samples.
    cast(scaled.cases as decimal(38, 4)) as cases,  -- Cases sold: units / unit_multiplier, without samples.
    -- Net price of a case: net_sales / cases.
    cast(
        cast(
            (2000000 * net_cents + case when net_cents < 0 then -abs(cases_scaled) else abs(cases_scaled) end)
            // nullif(2 * cases_scaled, 0) as decimal(38, 0)
        ) * 0.0001 as decimal(38, 4)
    ) as case_price,
    -- List price of a case: list_sales / cases.
    cast(
        cast(
            (2000000 * list_cents + case when list_cents < 0 then -abs(cases_scaled) else abs(cases_scaled) end)
            // nullif(2 * cases_scaled, 0) as decimal(38, 0)
        ) * 0.0001 as decimal(38, 4)
    ) as list_case_price,
    cast(scaled.sample_units as decimal(38, 4)) as sample_units,  -- Base units given as samples.
    cast(scaled.orders as bigint) as orders,  -- Orders with a sale line of the product.
    cast(scaled.doors as bigint) as doors,  -- Known customers with a sale line of the product.
    -- Doors whose first sale line of the product with the seller, in any currency, is in the month.
    cast(scaled.new_doors as bigint) as new_doors,
    cast(getvariable('as_of') as date) as as_of  -- The date that the row is computed for.
from scaled
left join products on products._company = scaled._company and products.product_id = scaled.product_id
