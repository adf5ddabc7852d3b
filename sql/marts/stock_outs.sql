-- One row per spell of a product at or below zero: from its first such close after one above zero, to the next above.
-- Closes at which LeafLink did not count the stock are passed over, and days without a recorded close are not known.
-- key: _company, product_id, from_day
-- needs: products, orders_received, line_items, customers
with
    closes as (
        select
            _company,
            product_id,
            product_name,
            brand_id,
            brand_name,
            category,
            day,
            on_hand > 0 as is_in_stock
        from marts.fct_inventory_daily
        where is_managed and on_hand is not null and day <= getvariable('as_of')
    ),
    lines as (
        select _company, product_id, invoice_date, units
        from intermediate.order_line_facts
        where is_shipped_sale
    ),
    followed as (
        select
            *,
            lag(is_in_stock) over (partition by _company, product_id order by day) as was_in_stock
        from closes
    ),
    turned as (  -- a spell begins at each turn; closes before the first one above zero belong to none
        select
            *,
            sum(case when is_in_stock is distinct from was_in_stock then 1 else 0 end)
                over (partition by _company, product_id order by day) as spell
        from followed
    ),
    spells as (
        select
            _company,
            product_id,
            product_name,
            brand_id,
            brand_name,
            category,
            is_in_stock,
            min(day) as from_day,
            count(*) as observed_days,
            lead(min(day)) over (partition by _company, product_id order by min(day)) as back_day,
            lag(min(day)) over (partition by _company, product_id order by min(day)) as day_before
        from turned
        group by _company, product_id, product_name, brand_id, brand_name, category, is_in_stock, spell
    ),
    outs as (
        select
            *,
            case
                when back_day is not null then date_diff('day', from_day, back_day)
                else date_diff('day', from_day, getvariable('as_of')) + 1
            end as days
        from spells
        where not is_in_stock and day_before is not null
    ),
    daily_sales as (
        select lines._company, lines.product_id, lines.invoice_date, sum(lines.units) as units
        from lines
        where exists (
            select 1
            from outs
            where outs._company = lines._company and outs.product_id = lines.product_id
        )
        group by lines._company, lines.product_id, lines.invoice_date
    ),
    sales as (
        select outs._company, outs.product_id, outs.from_day, sum(daily_sales.units) as units
        from outs
        join daily_sales
            on daily_sales._company = outs._company
            and daily_sales.product_id = outs.product_id
            and date_diff('day', daily_sales.invoice_date, outs.from_day) between 1 and 30
        group by outs._company, outs.product_id, outs.from_day
    ),
    scaled as (  -- the estimate is divided in ten-thousandths of a unit, since dividing decimals gives doubles
        select
            outs.*,
            cast(coalesce(sales.units, 0) as decimal(38, 4)) as units_before,
            cast(cast(coalesce(sales.units, 0) as decimal(38, 4)) * 10000 as hugeint) as sold
        from outs
        left join sales
            on sales._company = outs._company
            and sales.product_id = outs.product_id
            and sales.from_day = outs.from_day
    )
select
    cast(_company as varchar) as _company,  -- Company of the configuration that the product belongs to.
    cast(product_id as bigint) as product_id,  -- Product.
    cast(from_day as date) as from_day,  -- First close at or below zero.
    cast(product_name as varchar) as product_name,  -- Display name of the product, else its name.
    cast(brand_id as bigint) as brand_id,  -- Brand of the product; null for products without a brand.
    cast(brand_name as varchar) as brand_name,  -- Name of the brand.
    cast(category as varchar) as category,  -- Category of the product.
    cast(back_day as date) as back_day,  -- Next close above zero; null while it is out.
    cast(days as integer) as days,  -- Days from from_day to the day before back_day, else to as_of.
    cast(observed_days as integer) as observed_days,  -- Recorded closes among them.
    cast(units_before as decimal(38, 4)) as units_before,  -- Base units of shipped sales, 30 days before from_day.
    -- units_before x days / 30: an estimate.
    cast(
        cast((2 * sold * days + case when sold < 0 then -30 else 30 end) // 60 as decimal(38, 0)) * 0.0001
        as decimal(38, 4)
    ) as lost_units,
    cast(getvariable('as_of') as date) as as_of  -- The date that the row is computed for.
from scaled
