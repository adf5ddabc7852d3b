-- One row per seller, brand, month and currency, from the brand's first month in that currency to the month of as_of.
-- Booked orders created on or before as_of, by local month of created_on. Months without sales are rows of zeros.
with
    lines as (
        select *, cast(date_trunc('month', created_date) as date) as month
        from intermediate.sold_lines
        where is_booked and created_date <= getvariable('as_of')
    ),
    totals as (
        select
            _company,
            seller_id,
            brand_id,
            currency,
            month,
            round(sum(case when not is_sample then line_amount else 0 end), 2) as gross_sales,
            sum(case when not is_sample then discount_amount else 0 end) as discount,
            round(sum(case when not is_sample and is_on_sale then line_amount else 0 end), 2) as on_sale_sales,
            round(
                sum(
                    case
                        when not is_sample and day(created_date) <= day(getvariable('as_of')) then line_amount
                        else 0
                    end
                ),
                2
            )
            - sum(
                case
                    when not is_sample and day(created_date) <= day(getvariable('as_of')) then discount_amount
                    else 0
                end
            ) as net_to_date,
            round(sum(case when not is_sample then quantity else 0 end), 4) as units,
            round(sum(case when not is_sample then cases else 0 end), 4) as cases,
            round(sum(case when is_sample then quantity else 0 end), 4) as sample_units
        from lines
        group by _company, seller_id, brand_id, currency, month
    ),
    counts as (
        select
            _company,
            seller_id,
            brand_id,
            currency,
            month,
            count(distinct case when not is_sample then order_number end) as orders,
            count(distinct case when not is_sample then customer_id end) as doors,
            count(distinct case when is_sample then customer_id end) as sample_doors
        from lines
        group by _company, seller_id, brand_id, currency, month
    ),
    placements as (
        select distinct _company, seller_id, brand_id, currency, month, customer_id, product_id
        from lines
        where not is_sample and customer_id is not null and product_id is not null
    ),
    points as (
        select _company, seller_id, brand_id, currency, month, count(*) as points
        from placements
        group by _company, seller_id, brand_id, currency, month
    ),
    doors as (
        select distinct _company, seller_id, brand_id, currency, month, customer_id
        from lines
        where not is_sample and customer_id is not null
    ),
    firsts as (  -- first booked non-sample line of the brand with the seller, in any currency
        select *, min(month) over (partition by _company, seller_id, brand_id, customer_id) as first_month
        from doors
    ),
    news as (
        select _company, seller_id, brand_id, currency, month, count(*) as new_doors
        from firsts
        where month = first_month
        group by _company, seller_id, brand_id, currency, month
    ),
    starts as (
        select _company, seller_id, brand_id, currency, min(month) as first_month
        from totals
        group by _company, seller_id, brand_id, currency
    ),
    calendar as (
        select
            _company,
            seller_id,
            brand_id,
            currency,
            cast(
                unnest(generate_series(first_month, cast(date_trunc('month', getvariable('as_of')) as date), interval 1 month))
                as date
            ) as month
        from starts
    ),
    months as (
        select
            calendar._company,
            calendar.seller_id,
            calendar.brand_id,
            calendar.currency,
            calendar.month,
            last_day(calendar.month) <= getvariable('as_of') as is_complete_month,
            coalesce(totals.gross_sales, 0) as gross_sales,
            coalesce(totals.discount, 0) as discount,
            coalesce(totals.gross_sales, 0) - coalesce(totals.discount, 0) as net_sales,
            coalesce(totals.net_to_date, 0) as net_to_date,
            coalesce(totals.on_sale_sales, 0) as on_sale_sales,
            coalesce(totals.units, 0) as units,
            coalesce(totals.cases, 0) as cases,
            coalesce(totals.sample_units, 0) as sample_units,
            coalesce(counts.orders, 0) as orders,
            coalesce(counts.doors, 0) as doors,
            coalesce(counts.sample_doors, 0) as sample_doors,
            coalesce(news.new_doors, 0) as new_doors,
            coalesce(points.points, 0) as points
        from calendar
        left join totals
            on totals._company = calendar._company
            and totals.seller_id is not distinct from calendar.seller_id
            and totals.brand_id is not distinct from calendar.brand_id
            and totals.currency is not distinct from calendar.currency
            and totals.month = calendar.month
        left join counts
            on counts._company = calendar._company
            and counts.seller_id is not distinct from calendar.seller_id
            and counts.brand_id is not distinct from calendar.brand_id
            and counts.currency is not distinct from calendar.currency
            and counts.month = calendar.month
        left join points
            on points._company = calendar._company
            and points.seller_id is not distinct from calendar.seller_id
            and points.brand_id is not distinct from calendar.brand_id
            and points.currency is not distinct from calendar.currency
            and points.month = calendar.month
        left join news
            on news._company = calendar._company
            and news.seller_id is not distinct from calendar.seller_id
            and news.brand_id is not distinct from calendar.brand_id
            and news.currency is not distinct from calendar.currency
            and news.month = calendar.month
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
    cast(_company as varchar) as _company,  -- Company of the configuration that the orders belong to.
    cast(seller_id as bigint) as seller_id,  -- Selling company.
    cast(brand_id as bigint) as brand_id,  -- Brand of the line's product; null for products without a brand.
    cast(month as date) as month,  -- First day of the local month in which the orders were created.
    cast(currency as varchar) as currency,  -- Currency of every amount in the row.
    cast(gross_sales as decimal(38, 2)) as gross_sales,  -- Line amounts of booked non-sample lines, before discount.
    cast(discount as decimal(38, 2)) as discount,  -- The lines' parts of their orders' discounts.
    cast(net_sales as decimal(38, 2)) as net_sales,  -- gross_sales - discount.
    cast(units as decimal(38, 4)) as units,  -- Base units sold, without samples.
    cast(cases as decimal(38, 4)) as cases,  -- Selling units sold: quantity / multiplier, without samples.
    cast(orders as bigint) as orders,  -- Orders with a non-sample line of the brand.
    cast(doors as bigint) as doors,  -- Distinct customers with a non-sample line of the brand.
    -- Doors whose first booked non-sample line of the brand with the seller, in any currency, falls in the month.
    cast(new_doors as bigint) as new_doors,
    cast(doors - new_doors as bigint) as returning_doors,  -- Doors that bought the brand in an earlier month.
    -- Average order value: net_sales / orders.
    cast(
        cast((200 * net_cents + sign(net_cents) * orders) // nullif(2 * orders, 0) as decimal(38, 0)) * 0.0001
        as decimal(38, 4)
    ) as aov,
    cast(sample_units as decimal(38, 4)) as sample_units,  -- Base units given as samples.
    cast(sample_doors as bigint) as sample_doors,  -- Distinct customers with a sample line of the brand.
    cast(on_sale_sales as decimal(38, 2)) as on_sale_sales,  -- Line amounts of the lines sold at a sale price.
    -- on_sale_sales / gross_sales.
    cast(
        cast(
            (20000 * on_sale_cents + sign(on_sale_cents) * abs(gross_cents)) // nullif(2 * gross_cents, 0)
            as decimal(38, 0)
        ) * 0.0001 as decimal(38, 4)
    ) as on_sale_share,
    -- discount / gross_sales.
    cast(
        cast(
            (20000 * discount_cents + sign(discount_cents) * abs(gross_cents)) // nullif(2 * gross_cents, 0)
            as decimal(38, 0)
        ) * 0.0001 as decimal(38, 4)
    ) as discount_rate,
    cast(points as bigint) as points_of_distribution,  -- Distinct pairs of customer and product.
    -- Place by net_sales among the seller's brands of the month in the currency; equals share a place.
    cast(
        rank() over (partition by _company, seller_id, month, currency order by net_sales desc) as bigint
    ) as rank,
    -- net_sales of the month before, up to the same day of the month while this month is open; null before the start.
    cast(mom_base as decimal(38, 2)) as mom_base,
    -- (net_sales - mom_base) / mom_base.
    cast(
        cast(
            (20000 * mom_change_cents + sign(mom_change_cents) * abs(mom_cents)) // nullif(2 * mom_cents, 0)
            as decimal(38, 0)
        ) * 0.0001 as decimal(38, 4)
    ) as mom_growth,
    -- net_sales of the same month a year before, up to the same day while this month is open; null before the start.
    cast(yoy_base as decimal(38, 2)) as yoy_base,
    -- (net_sales - yoy_base) / yoy_base.
    cast(
        cast(
            (20000 * yoy_change_cents + sign(yoy_change_cents) * abs(yoy_cents)) // nullif(2 * yoy_cents, 0)
            as decimal(38, 0)
        ) * 0.0001 as decimal(38, 4)
    ) as yoy_growth,
    cast(is_complete_month as boolean) as is_complete_month,  -- Whether the whole month lies on or before as_of.
    cast(getvariable('as_of') as date) as as_of  -- The date that the row is computed for.
from scaled
