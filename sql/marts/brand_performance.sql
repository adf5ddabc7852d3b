-- One row per seller, brand, month and currency, from the brand's first month in the currency to that of as_of: what
-- its sale lines add up to. Months without sales are rows of zeros; samples in booked orders start a brand too.
-- key: _company, seller_id, brand_id, month, currency
-- needs: orders_received, line_items, products, customers
with
    brand_orders as (
        select *, cast(date_trunc('month', order_date) as date) as month
        from intermediate.brand_orders
    ),
    placements as (select * from intermediate.placements),
    companies as (select * from staging.companies),
    brands as (select * from staging.brands),
    days as (select * from marts.dim_date where date <= as_of),
    door_months as (  -- one row per customer: doors are counted without counting anything twice
        select
            _company,
            seller_id,
            brand_id,
            currency,
            month,
            customer_id,
            sum(line_amount) as line_amount,
            sum(discount) as discount,
            sum(on_sale_amount) as on_sale_amount,
            sum(case when day(order_date) <= day(getvariable('as_of')) then line_amount - discount else 0 end)
                as amount_to_date,
            sum(units) as units,
            sum(cases) as cases,
            sum(sample_units) as sample_units,
            count(case when sale_lines > 0 then 1 end) as orders,
            max(case when sale_lines > 0 then customer_id end) as door_id,
            max(case when sample_lines > 0 then customer_id end) as sample_door_id
        from brand_orders
        group by _company, seller_id, brand_id, currency, month, customer_id
    ),
    doors as (
        select
            *,
            min(case when orders > 0 then month end) over (partition by _company, seller_id, brand_id, customer_id)
                as first_door_month
        from door_months
    ),
    totals as (
        select
            _company,
            seller_id,
            brand_id,
            currency,
            month,
            cast(round(sum(line_amount), 2) as decimal(38, 2)) as gross_sales,
            cast(sum(discount) as decimal(38, 2)) as discount,
            cast(round(sum(on_sale_amount), 2) as decimal(38, 2)) as on_sale_sales,
            cast(round(sum(amount_to_date), 2) as decimal(38, 2)) as net_to_date,
            sum(units) as units,
            sum(cases) as cases,
            sum(sample_units) as sample_units,
            sum(orders) as orders,
            count(door_id) as doors,
            count(sample_door_id) as sample_doors,
            count(case when month = first_door_month then door_id end) as new_doors
        from doors
        group by _company, seller_id, brand_id, currency, month
    ),
    points as (
        select _company, seller_id, brand_id, currency, month, count(*) as points
        from placements
        where customer_id is not null and product_id is not null
        group by _company, seller_id, brand_id, currency, month
    ),
    starts as (
        select _company, seller_id, brand_id, currency, min(month) as first_month
        from totals
        group by _company, seller_id, brand_id, currency
    ),
    calendar as (  -- an order dated before the first day of dim_date has its month all the same
        select month from days
        union
        select month from totals
    ),
    started as (
        select starts.*, calendar.month, last_day(calendar.month) <= getvariable('as_of') as is_complete_month
        from starts
        join calendar on calendar.month >= starts.first_month
    ),
    months as (
        select
            started._company,
            started.seller_id,
            started.brand_id,
            started.currency,
            started.month,
            started.is_complete_month,
            coalesce(totals.gross_sales, 0) as gross_sales,
            coalesce(totals.discount, 0) as discount,
            coalesce(totals.gross_sales, 0) - coalesce(totals.discount, 0) as net_sales,
            coalesce(totals.net_to_date, 0) as net_to_date,
            coalesce(totals.on_sale_sales, 0) as on_sale_sales,
            coalesce(totals.units, 0) as units,
            coalesce(totals.cases, 0) as cases,
            coalesce(totals.sample_units, 0) as sample_units,
            coalesce(totals.orders, 0) as orders,
            coalesce(totals.doors, 0) as doors,
            coalesce(totals.sample_doors, 0) as sample_doors,
            coalesce(totals.new_doors, 0) as new_doors,
            coalesce(points.points, 0) as points
        from started
        left join totals
            on totals._company = started._company
            and totals.seller_id is not distinct from started.seller_id
            and totals.brand_id is not distinct from started.brand_id
            and totals.currency is not distinct from started.currency
            and totals.month = started.month
        left join points
            on points._company = started._company
            and points.seller_id is not distinct from started.seller_id
            and points.brand_id is not distinct from started.brand_id
            and points.currency is not distinct from started.currency
            and points.month = started.month
    ),
    compared as (
        select
            months.*,
            case when months.is_complete_month then month_before.net_sales else month_before.net_to_date end
                as mom_base,
            case when months.is_complete_month then year_before.net_sales else year_before.net_to_date end as yoy_base
        from months
        left join months as month_before
            on month_before._company = months._company
            and month_before.seller_id is not distinct from months.seller_id
            and month_before.brand_id is not distinct from months.brand_id
            and month_before.currency is not distinct from months.currency
            and month_before.month = cast(months.month - interval 1 month as date)
        left join months as year_before
            on year_before._company = months._company
            and year_before.seller_id is not distinct from months.seller_id
            and year_before.brand_id is not distinct from months.brand_id
            and year_before.currency is not distinct from months.currency
            and year_before.month = cast(months.month - interval 12 month as date)
    ),
    scaled as (  -- ratios are divided in whole cents, since dividing decimals gives doubles
        select
            *,
            cast(gross_sales * 100 as hugeint) as gross_cents,
            cast(discount * 100 as hugeint) as discount_cents,
            cast(net_sales * 100 as hugeint) as net_cents,
            cast(on_sale_sales * 100 as hugeint) as on_sale_cents,
            cast(mom_base * 100 as hugeint) as mom_cents,
            cast(yoy_base * 100 as hugeint) as yoy_cents,
            cast((net_sales - mom_base) * 100 as hugeint) as mom_change_cents,
            cast((net_sales - yoy_base) * 100 as hugeint) as yoy_change_cents
        from compared
    )
select
    cast(scaled._company as varchar) as _company,  -- Company of the configuration that the orders belong to.
    cast(scaled.seller_id as bigint) as seller_id,  -- Selling company.
    cast(companies.company_name as varchar) as seller_name,  -- Name of the selling company.
    cast(scaled.brand_id as bigint) as brand_id,  -- Brand of the line's product; null for products without a brand.
    cast(brands.brand_name as varchar) as brand_name,  -- Name of the brand.
    cast(month as date) as month,  -- First day of the local month in which the orders were created.
    cast(currency as varchar) as currency,  -- Currency of every amount in the row.
    cast(is_complete_month as boolean) as is_complete_month,  -- Whether the whole month lies on or before as_of.
    cast(gross_sales as decimal(38, 2)) as gross_sales,  -- Line amounts of the sale lines, before discount.
    cast(discount as decimal(38, 2)) as discount,  -- The lines' parts of their orders' discounts.
    cast(net_sales as decimal(38, 2)) as net_sales,  -- gross_sales - discount.
    cast(units as decimal(38, 4)) as units,  -- Base units sold, without samples.
    cast(cases as decimal(38, 4)) as cases,  -- Cases sold: units / unit_multiplier, without samples.
    cast(orders as bigint) as orders,  -- Orders with a sale line of the brand.
    cast(doors as bigint) as doors,  -- Known customers with a sale line of the brand.
    -- Doors whose first sale line of the brand with the seller, in any currency, is in the month.
    cast(new_doors as bigint) as new_doors,
    cast(doors - new_doors as bigint) as returning_doors,  -- Doors that bought the brand in an earlier month.
    -- Average order value: net_sales / orders.
    cast(
        cast(
            (200 * net_cents + case when net_cents < 0 then -orders else orders end) // nullif(2 * orders, 0)
            as decimal(38, 0)
        ) * 0.0001 as decimal(38, 4)
    ) as aov,
    cast(sample_units as decimal(38, 4)) as sample_units,  -- Base units given as samples.
    cast(sample_doors as bigint) as sample_doors,  -- Known customers with a sample of the brand in a booked order.
    cast(on_sale_sales as decimal(38, 2)) as on_sale_sales,  -- Line amounts of the lines sold at a sale price.
    -- on_sale_sales / gross_sales.
    cast(
        cast(
            (20000 * on_sale_cents + case when on_sale_cents < 0 then -abs(gross_cents) else abs(gross_cents) end)
            // nullif(2 * gross_cents, 0)
            as decimal(38, 0)
        ) * 0.0001 as decimal(38, 4)
    ) as on_sale_share,
    -- discount / gross_sales.
    cast(
        cast(
            (20000 * discount_cents + case when discount_cents < 0 then -abs(gross_cents) else abs(gross_cents) end)
            // nullif(2 * gross_cents, 0)
            as decimal(38, 0)
        ) * 0.0001 as decimal(38, 4)
    ) as discount_rate,
    cast(points as bigint) as points_of_distribution,  -- Distinct known customers and products with a sale line.
    -- Place by net_sales among the seller's brands of the month in the currency; equals share a place.
    cast(
        rank() over (
            partition by scaled._company, scaled.seller_id, scaled.month, scaled.currency order by scaled.net_sales desc
        ) as bigint
    ) as rank,
    -- net_sales of the month before, up to the same day of the month while this month is open; null before the start.
    cast(mom_base as decimal(38, 2)) as mom_base,
    -- (net_sales - mom_base) / mom_base.
    cast(
        cast(
            (20000 * mom_change_cents + case when mom_change_cents < 0 then -abs(mom_cents) else abs(mom_cents) end)
            // nullif(2 * mom_cents, 0)
            as decimal(38, 0)
        ) * 0.0001 as decimal(38, 4)
    ) as mom_growth,
    -- net_sales of the same month a year before, up to the same day while this month is open; null before the start.
    cast(yoy_base as decimal(38, 2)) as yoy_base,
    -- (net_sales - yoy_base) / yoy_base.
    cast(
        cast(
            (20000 * yoy_change_cents + case when yoy_change_cents < 0 then -abs(yoy_cents) else abs(yoy_cents) end)
            // nullif(2 * yoy_cents, 0)
            as decimal(38, 0)
        ) * 0.0001 as decimal(38, 4)
    ) as yoy_growth,
    cast(getvariable('as_of') as date) as as_of  -- The date that the row is computed for.
from scaled
left join companies on companies._company = scaled._company and companies.company_id = scaled.seller_id
left join brands on brands._company = scaled._company and brands.brand_id = scaled.brand_id
