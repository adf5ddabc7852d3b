-- One row per seller (level seller) and per brand of a seller (level brand), currency and comparison with sale lines in
-- either time: the last 90 days against another 90, of the doors that bought in both.
-- key: _company, seller_id, level, brand_id, currency, comparison
-- needs: orders_received, line_items, products, customers
with
    sales as (
        select _company, seller_id, brand_id, currency, customer_id, days_ago, line_amount - discount as net_amount
        from intermediate.brand_orders
        where sale_lines > 0 and days_ago <= 454
    ),
    brands as (select * from staging.brands),
    times as (
        select *, 'previous' as comparison, days_ago <= 89 as is_now from sales where days_ago <= 179
        union all
        select *, 'year' as comparison, days_ago <= 89 as is_now
        from sales
        where days_ago <= 89 or days_ago >= 365
    ),
    doors as (
        select
            _company,
            seller_id,
            'brand' as level,
            brand_id,
            currency,
            comparison,
            customer_id,
            sum(case when is_now then net_amount else 0 end) as now_amount,
            sum(case when is_now then 0 else net_amount end) as base_amount,
            max(case when is_now then 1 else 0 end) as now_sales,
            max(case when is_now then 0 else 1 end) as base_sales
        from times
        group by _company, seller_id, brand_id, currency, comparison, customer_id
    ),
    seller_doors as (
        select
            _company,
            seller_id,
            'seller' as level,
            cast(null as bigint) as brand_id,
            currency,
            comparison,
            customer_id,
            sum(now_amount) as now_amount,
            sum(base_amount) as base_amount,
            max(now_sales) as now_sales,
            max(base_sales) as base_sales
        from doors
        group by _company, seller_id, currency, comparison, customer_id
    ),
    levels as (
        select * from doors
        union all
        select * from seller_doors
    ),
    compared as (
        select
            *,
            customer_id is not null and now_sales = 1 and base_sales = 1 as is_same,
            customer_id is not null and now_sales = 1 and base_sales = 0 as is_new,
            customer_id is not null and now_sales = 0 and base_sales = 1 as is_lost
        from levels
    ),
    totals as (
        select
            _company,
            seller_id,
            level,
            brand_id,
            currency,
            comparison,
            cast(round(sum(now_amount), 2) as decimal(38, 2)) as net_sales,
            cast(round(sum(base_amount), 2) as decimal(38, 2)) as base_sales,
            count(case when is_same then 1 end) as same_doors,
            cast(round(sum(case when is_same then now_amount else 0 end), 2) as decimal(38, 2)) as same_door_sales,
            cast(round(sum(case when is_same then base_amount else 0 end), 2) as decimal(38, 2)) as same_door_base,
            count(case when is_new then 1 end) as new_doors,
            cast(round(sum(case when is_new then now_amount else 0 end), 2) as decimal(38, 2)) as new_door_sales,
            count(case when is_lost then 1 end) as lost_doors,
            cast(round(sum(case when is_lost then base_amount else 0 end), 2) as decimal(38, 2)) as lost_door_base
        from compared
        group by _company, seller_id, level, brand_id, currency, comparison
    ),
    scaled as (  -- ratios are divided in whole cents, since dividing decimals gives doubles
        select
            *,
            cast((same_door_sales - same_door_base) * 100 as hugeint) as change_cents,
            cast(same_door_base * 100 as hugeint) as base_cents
        from totals
    )
select
    cast(scaled._company as varchar) as _company,  -- Company of the configuration that the orders belong to.
    cast(scaled.seller_id as bigint) as seller_id,  -- Selling company.
    -- Brand of the lines' products; null for products without a brand, and at level seller.
    cast(scaled.brand_id as bigint) as brand_id,
    cast(brands.brand_name as varchar) as brand_name,  -- Name of the brand.
    cast(scaled.currency as varchar) as currency,  -- Currency of every amount in the row.
    cast(scaled.level as varchar) as level,  -- seller: all its sales; brand: those of one brand.
    -- The other 90 days: previous (days_ago 90 to 179) or year (days_ago 365 to 454).
    cast(scaled.comparison as varchar) as comparison,
    cast(scaled.net_sales as decimal(38, 2)) as net_sales,  -- Net sales of the last 90 days, of all customers.
    cast(scaled.base_sales as decimal(38, 2)) as base_sales,  -- Net sales of the other 90 days, of all customers.
    cast(scaled.same_doors as bigint) as same_doors,  -- Known customers with a sale line in both times.
    cast(scaled.same_door_sales as decimal(38, 2)) as same_door_sales,  -- Their net sales of the last 90 days.
    cast(scaled.same_door_base as decimal(38, 2)) as same_door_base,  -- Their net sales of the other 90 days.
    -- (same_door_sales - same_door_base) / same_door_base.
    cast(
        cast(
            (20000 * change_cents + case when change_cents < 0 then -abs(base_cents) else abs(base_cents) end)
            // nullif(2 * base_cents, 0) as decimal(38, 0)
        ) * 0.0001 as decimal(38, 4)
    ) as same_door_growth,
    cast(scaled.new_doors as bigint) as new_doors,  -- Known customers with a sale line in the last 90 days alone.
    cast(scaled.new_door_sales as decimal(38, 2)) as new_door_sales,  -- Their net sales of these days.
    cast(scaled.lost_doors as bigint) as lost_doors,  -- Known customers with a sale line in the other 90 days alone.
    cast(scaled.lost_door_base as decimal(38, 2)) as lost_door_base,  -- Their net sales of those days.
    cast(getvariable('as_of') as date) as as_of  -- The date that the row is computed for.
from scaled
left join brands on brands._company = scaled._company and brands.brand_id = scaled.brand_id
