-- One row per seller and product: what sold in the trailing window up to as_of, against what is on hand.
-- The window is the last N days, as_of included; sales are non-sample lines of receivable orders by invoice date.
with
    products as (select * from staging.products),
    lines as (
        select *
        from intermediate.sold_lines
        where is_receivable
            and not is_sample
            and invoice_date <= getvariable('as_of')
            and invoice_date > getvariable('as_of') - getvariable('sell_through_days')
    ),
    closes as (select * from history.inventory_daily where day <= getvariable('as_of')),
    sales as (
        select
            _company,
            product_id,
            round(sum(quantity), 4) as units_sold,
            count(distinct customer_id) as doors
        from lines
        group by _company, product_id
    ),
    ranked as (
        select *, row_number() over (partition by _company, product_id order by day desc) as place
        from closes
    ),
    newest as (select * from ranked where place = 1),
    stocked as (
        select
            _company,
            product_id,
            count(*) as days_observed,
            count(case when quantity > 0 then 1 end) as days_in_stock
        from closes
        where day > getvariable('as_of') - getvariable('sell_through_days') and is_managed
        group by _company, product_id
    ),
    joined as (
        select
            products._company,
            products.seller_id,
            products.product_id,
            products.product_name,
            products.brand_id,
            coalesce(sales.units_sold, 0) as units_sold,
            coalesce(sales.doors, 0) as doors,
            case when newest.product_id is not null then newest.is_managed else products.is_managed end as is_managed,
            case when newest.product_id is not null then 'daily' else 'current' end as basis,
            newest.day as inventory_date,
            -- Ten to the fifteenth or more is no stock.
            case
                when newest.product_id is not null
                    then case when abs(newest.quantity) < 1000000000000000 then round(newest.quantity, 4) end
                when abs(products.quantity) < 1000000000000000 then round(products.quantity, 4)
            end as quantity,
            stocked.days_observed,
            stocked.days_in_stock
        from products
        left join sales on sales._company = products._company and sales.product_id = products.product_id
        left join newest on newest._company = products._company and newest.product_id = products.product_id
        left join stocked on stocked._company = products._company and stocked.product_id = products.product_id
    ),
    scaled as (  -- ratios are divided in ten-thousandths of a unit, since dividing decimals gives doubles
        select
            *,
            case when is_managed then quantity end as on_hand,
            cast(cast(units_sold as decimal(38, 4)) * 10000 as hugeint) as sold,
            cast(case when is_managed then cast(quantity as decimal(38, 4)) end * 10000 as hugeint) as held,
            cast(getvariable('sell_through_days') as hugeint) as window_days
        from joined
    )
select
    cast(_company as varchar) as _company,  -- Company of the configuration that the product belongs to.
    cast(seller_id as bigint) as seller_id,  -- Selling company.
    cast(product_id as bigint) as product_id,  -- Product.
    cast(product_name as varchar) as product_name,  -- Name of the product, with its parent's before it for a variety.
    cast(brand_id as bigint) as brand_id,  -- Brand of the product; null without one.
    cast(cast(getvariable('as_of') as date) - getvariable('sell_through_days') + 1 as date) as window_start,  -- First day.
    cast(getvariable('as_of') as date) as window_end,  -- Last day of the window: as_of.
    cast(window_days as integer) as window_days,  -- Days in the window.
    -- Non-sample base units of receivable orders, by local date of ship_date, else of created_on, within the window.
    cast(units_sold as decimal(38, 4)) as units_sold,
    -- Base units in the newest daily inventory at or before as_of, else now; null unless inventory is Managed.
    cast(on_hand as decimal(38, 4)) as on_hand,
    -- Where on_hand comes from: daily (inventory_daily) or current; null without on_hand.
    cast(case when on_hand is not null then basis end as varchar) as inventory_basis,
    cast(case when on_hand is not null then inventory_date end as date) as inventory_date,  -- Day of that inventory.
    -- units_sold / (units_sold + on_hand); null without on_hand.
    cast(
        cast((20000 * sold + sign(sold) * abs(sold + held)) // nullif(2 * (sold + held), 0) as decimal(38, 0)) * 0.0001
        as decimal(38, 4)
    ) as sell_through,
    -- on_hand / (units_sold / weeks in the window); null without sales or on_hand.
    cast(
        cast(
            (20000 * held * window_days + sign(held) * 7 * abs(sold)) // nullif(14 * sold, 0) as decimal(38, 0)
        ) * 0.0001 as decimal(38, 4)
    ) as weeks_of_supply,
    -- Days of the window at whose close stock was above zero; null when inventory_daily knows no day of it.
    cast(days_in_stock as integer) as days_in_stock,
    cast(days_observed as integer) as days_observed,  -- Days of the window that inventory_daily knows.
    cast(doors as bigint) as doors,  -- Distinct customers who bought the product within the window.
    -- Units per door per week: units_sold / doors / weeks in the window; null without doors.
    cast(
        cast(
            (14 * sold + sign(sold) * doors * window_days) // nullif(2 * doors * window_days, 0) as decimal(38, 0)
        ) * 0.0001 as decimal(38, 4)
    ) as velocity
from scaled
