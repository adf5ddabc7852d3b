-- One row per item of a retailer and recorded close, up to as_of, against the close before, where its quantity moved or
-- something was delivered: what left the shelf in between.
-- key: _company, retailer_item_id, to_day
-- needs: retailer_inventory, orders_received, line_items, products, customers
with
    items as (
        select
            *,
            nullif(lower(trim(sku)), '') as sku_text,
            nullif(lower(trim(item_name)), '') as name_text,
            nullif(lower(trim(brand)), '') as brand_text
        from staging.retailer_inventory
    ),
    products as (
        select
            *,
            nullif(lower(trim(sku)), '') as sku_text,
            nullif(lower(trim(product_name)), '') as name_text,
            nullif(lower(trim(brand_name)), '') as brand_text
        from intermediate.named_products
    ),
    orders as (select * from staging.orders_received where is_receivable),
    lines as (select * from intermediate.order_line_facts where is_shipped_sale),
    closes as (select * from history.retailer_inventory_daily where day <= getvariable('as_of')),
    skus as (  -- a stock number or a name that several products have names none of them
        select _company, sku_text, min(product_id) as product_id
        from products
        where sku_text is not null
        group by _company, sku_text
        having count(*) = 1
    ),
    names as (
        select _company, brand_text, name_text, min(product_id) as product_id
        from products
        where brand_text is not null and name_text is not null
        group by _company, brand_text, name_text
        having count(*) = 1
    ),
    matched as (
        select
            items._company,
            items.retailer_item_id,
            items.company_id,
            coalesce(skus.product_id, names.product_id) as product_id,
            case
                when skus.product_id is not null then 'sku'
                when names.product_id is not null then 'name'
                else 'none'
            end as match_basis
        from items
        left join skus on skus._company = items._company and skus.sku_text = items.sku_text
        left join names
            on names._company = items._company
            and names.brand_text = items.brand_text
            and names.name_text = items.name_text
    ),
    followed as (
        select
            _company,
            retailer_item_id,
            day as to_day,
            -- A trillion or more is no quantity.
            cast(case when abs(quantity) < 1000000000000 then quantity end as decimal(38, 4)) as end_quantity,
            lag(day) over (partition by _company, retailer_item_id order by day) as from_day,
            lag(cast(case when abs(quantity) < 1000000000000 then quantity end as decimal(38, 4)))
                over (partition by _company, retailer_item_id order by day) as start_quantity
        from closes
    ),
    periods as (
        select
            followed.*,
            matched.company_id,
            matched.product_id,
            matched.match_basis
        from followed
        join matched
            on matched._company = followed._company and matched.retailer_item_id = followed.retailer_item_id
        where followed.from_day is not null
    ),
    shelves as (select distinct _company, company_id, product_id from matched where product_id is not null),
    deliveries as (
        select lines._company, orders.buyer_id, lines.product_id, lines.invoice_date, sum(lines.units) as units
        from lines
        join orders on orders._company = lines._company and orders.order_number = lines.order_number
        join shelves
            on shelves._company = lines._company
            and shelves.product_id = lines.product_id
            and shelves.company_id = orders.buyer_id
        group by lines._company, orders.buyer_id, lines.product_id, lines.invoice_date
    ),
    delivered as (
        select periods._company, periods.retailer_item_id, periods.to_day, sum(deliveries.units) as units
        from periods
        join deliveries
            on deliveries._company = periods._company
            and deliveries.product_id = periods.product_id
            and deliveries.buyer_id = periods.company_id
            and deliveries.invoice_date > periods.from_day
            and deliveries.invoice_date <= periods.to_day
        group by periods._company, periods.retailer_item_id, periods.to_day
    ),
    measured as (
        select
            periods.*,
            products.product_name,
            case when periods.product_id is not null then cast(coalesce(delivered.units, 0) as decimal(38, 4)) end
                as delivered
        from periods
        left join products
            on products._company = periods._company and products.product_id = periods.product_id
        left join delivered
            on delivered._company = periods._company
            and delivered.retailer_item_id = periods.retailer_item_id
            and delivered.to_day = periods.to_day
    ),
    gone as (
        select *, start_quantity + delivered - end_quantity as difference
        from measured
        where end_quantity is distinct from start_quantity or delivered <> 0
    )
select
    cast(_company as varchar) as _company,  -- Company of the configuration that the item belongs to.
    cast(retailer_item_id as bigint) as retailer_item_id,  -- Item on a retailer's shelf.
    cast(to_day as date) as to_day,  -- Local day of the close.
    cast(product_id as bigint) as product_id,  -- Product that the item is; null without a match.
    cast(product_name as varchar) as product_name,  -- Display name of the product, else its name.
    cast(company_id as bigint) as company_id,  -- Retailer.
    cast(from_day as date) as from_day,  -- Local day of the item's close before.
    cast(start_quantity as decimal(38, 4)) as start_quantity,  -- What the shelf had at the close of from_day.
    cast(end_quantity as decimal(38, 4)) as end_quantity,  -- What it had at the close of to_day.
    -- How the product is known: sku (trimmed, in any case; one product only), else name (brand and name, likewise),
    -- else none.
    cast(match_basis as varchar) as match_basis,
    -- Base units of shipped sales of the product to the retailer, invoiced after from_day up to to_day; null without a
    -- match.
    cast(delivered as decimal(38, 4)) as delivered,
    -- What left the shelf: start_quantity + delivered - end_quantity, at least 0; null without a match.
    cast(case when difference < 0 then 0 else difference end as decimal(38, 4)) as depleted,
    -- What came from elsewhere: end_quantity - start_quantity - delivered, at least 0; null without a match.
    cast(case when difference > 0 then 0 else -difference end as decimal(38, 4)) as unexplained_gain
from gone
