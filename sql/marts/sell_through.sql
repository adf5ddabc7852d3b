-- One row per seller and product: what shipped in the trailing window up to as_of, against what is in stock.
-- key: _company, seller_id, product_id
-- needs: products, orders_received, line_items, customers
with
    products as (select * from intermediate.named_products),
    lines as (
        select
            _company,
            product_id,
            customer_id,
            order_number,
            units,
            is_sale and days_ago between 0 and 89 as is_recent_sale,
            is_shipped_sale
            and date_diff('day', invoice_date, getvariable('as_of')) < getvariable('sell_through_days') as is_in_window,
            is_shipped_sale and date_diff('day', invoice_date, getvariable('as_of')) < 30 as is_in_30_days
        from intermediate.order_line_facts
        where is_sale or is_shipped_sale
    ),
    doors as (
        select
            _company,
            product_id,
            customer_id,
            sum(case when is_in_window then units end) as units_sold,
            sum(case when is_in_30_days then units end) as units_30,
            count(case when is_in_window then 1 end) as window_lines,
            -- Two orders at least: the smallest key is not the largest.
            min(case when is_recent_sale then order_number end)
            < max(case when is_recent_sale then order_number end) as is_effective
        from lines
        where is_recent_sale or is_in_window or is_in_30_days
        group by _company, product_id, customer_id
    ),
    sales as (
        select
            _company,
            product_id,
            sum(units_sold) as units_sold,
            sum(units_30) as units_30,
            count(case when window_lines > 0 and customer_id is not null then 1 end) as doors,
            count(case when is_effective and customer_id is not null then 1 end) as effective_doors
        from doors
        group by _company, product_id
    ),
    closes as (select * from marts.fct_inventory_daily where day <= getvariable('as_of')),
    observed as (
        select
            _company,
            product_id,
            max(day) as newest_day,
            nullif(count(case when is_managed and day >= window_start then 1 end), 0) as days_observed,
            count(case when is_managed and day >= window_start and on_hand > 0 then 1 end) as days_in_stock
        from closes
        cross join (
            select cast(cast(getvariable('as_of') as date) - getvariable('sell_through_days') + 1 as date)
                as window_start
        ) as windows
        group by _company, product_id
    ),
    newest as (
        select closes.*
        from closes
        join observed
            on observed._company = closes._company
            and observed.product_id = closes.product_id
            and observed.newest_day = closes.day
    ),
    joined as (
        select
            products.*,
            cast(coalesce(sales.units_sold, 0) as decimal(38, 4)) as units_sold,
            cast(coalesce(sales.units_30, 0) as decimal(38, 4)) as units_30,
            coalesce(sales.doors, 0) as doors,
            coalesce(sales.effective_doors, 0) as effective_doors,
            case when newest.product_id is null then 'current' else 'daily' end as basis,
            newest.day as newest_day,
            case when newest.product_id is null then products.is_managed else newest.is_managed end as is_counted,
            case when newest.product_id is null then cast(products.quantity as decimal(38, 4)) else newest.on_hand end
                as stock,
            case
                when newest.product_id is null then cast(products.reserved_quantity as decimal(38, 4))
                else newest.reserved
            end as stock_reserved,
            case
                when newest.product_id is null then cast(products.available_quantity as decimal(38, 4))
                else newest.available
            end as stock_available,
            observed.days_observed,
            case when observed.days_observed is not null then observed.days_in_stock end as days_in_stock
        from products
        left join sales on sales._company = products._company and sales.product_id = products.product_id
        left join observed on observed._company = products._company and observed.product_id = products.product_id
        left join newest on newest._company = products._company and newest.product_id = products.product_id
    ),
    counted as (
        select
            *,
            case when is_counted then cast(stock as decimal(38, 4)) end as on_hand,
            case when is_counted and stock is not null then basis end as inventory_basis,
            case when is_counted and stock is not null then newest_day end as inventory_date
        from joined
    ),
    scaled as (  -- ratios are divided in ten-thousandths of a unit, since dividing decimals gives doubles
        select
            *,
            cast(units_sold * 10000 as hugeint) as sold,
            cast(units_30 * 10000 as hugeint) as sold_30,
            cast(on_hand * 10000 as hugeint) as held,
            cast(getvariable('sell_through_days') as hugeint) as window_days
        from counted
    )
select
    cast(_company as varchar) as _company,  -- Company of the configuration that the product belongs to.
    cast(seller_id as bigint) as seller_id,  -- Selling company.
    cast(product_id as bigint) as product_id,  -- Product.
    cast(product_name as varchar) as product_name,  -- Display name of the product, else its name.
    cast(sku as varchar) as sku,  -- The seller's stock number; no key.
    cast(brand_id as bigint) as brand_id,  -- Brand of the product; null for products without a brand.
    cast(brand_name as varchar) as brand_name,  -- Name of the brand.
    cast(product_line as varchar) as product_line,  -- Product line of the product.
    cast(category as varchar) as category,  -- Category of the product.
    -- First day of the window.
    cast(
        cast(getvariable('as_of') as date) - getvariable('sell_through_days') + 1 as date
    ) as window_start,
    cast(getvariable('as_of') as date) as window_end,  -- Last day of the window: as_of.
    cast(window_days as integer) as window_days,  -- Days in the window.
    cast(units_sold as decimal(38, 4)) as units_sold,  -- Base units of shipped sales that were invoiced in the window.
    cast(doors as bigint) as doors,  -- Known customers with such a sale.
    -- Units per door per week: units_sold / doors / weeks in the window; null without doors.
    cast(
        cast(
            (
                14 * sold
                + case when sold < 0 then -1 else 1 end * doors * window_days
            ) // nullif(2 * doors * window_days, 0) as decimal(38, 0)
        ) * 0.0001 as decimal(38, 4)
    ) as velocity,
    -- Base units in stock at the newest recorded close up to as_of, else now; null unless inventory is Managed.
    cast(on_hand as decimal(38, 4)) as on_hand,
    -- Where on_hand comes from: daily (a recorded close) or current; null without on_hand.
    cast(inventory_basis as varchar) as inventory_basis,
    cast(inventory_date as date) as inventory_date,  -- Day of that close.
    -- Of these, reserved by open orders.
    cast(case when is_counted then stock_reserved end as decimal(38, 4)) as reserved,
    cast(case when is_counted then stock_available end as decimal(38, 4)) as available,  -- Of these, for sale.
    cast(listing_state as varchar) as listing_state,  -- Available, Archived and the like.
    -- units_sold / (units_sold + on_hand); null without on_hand.
    cast(
        cast(
            (
                20000 * sold
                + case when sold < 0 then -abs(sold + held) else abs(sold + held) end
            ) // nullif(2 * (sold + held), 0) as decimal(38, 0)
        ) * 0.0001 as decimal(38, 4)
    ) as sell_through,
    -- on_hand / (units_sold / weeks in the window); null without sales or on_hand.
    cast(
        cast(
            (
                20000 * held * window_days
                + case when held < 0 then -7 else 7 end * abs(sold)
            ) // nullif(14 * sold, 0) as decimal(38, 0)
        ) * 0.0001 as decimal(38, 4)
    ) as weeks_of_supply,
    cast(units_30 as decimal(38, 4)) as units_30,  -- Base units of shipped sales of the last 30 days.
    -- on_hand x 30 / units_30; null without sales in the last 30 days or on_hand.
    cast(
        cast(
            (
                600000 * held
                + case when held < 0 then -abs(sold_30) else abs(sold_30) end
            ) // nullif(2 * sold_30, 0) as decimal(38, 0)
        ) * 0.0001 as decimal(38, 4)
    ) as days_of_stock,
    -- Recorded closes in the window with stock above zero; null without a recorded close in it.
    cast(days_in_stock as integer) as days_in_stock,
    cast(days_observed as integer) as days_observed,  -- Recorded closes in the window with counted stock, else null.
    -- Known customers with two or more orders of the last 90 days that have a sale line of it. Their sum over products
    -- is effective points of distribution.
    cast(effective_doors as bigint) as effective_doors,
    cast(getvariable('as_of') as date) as as_of  -- The date that the row is computed for.
from scaled
