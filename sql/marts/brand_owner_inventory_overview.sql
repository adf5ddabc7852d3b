-- One row per product of an owned brand and facility: what lies there of it, from items that are not archived.
-- key: _company, product_id, facility_id
-- needs: inventory_items, products, brands
with
    items as (select * from staging.inventory_items),
    products as (select * from intermediate.named_products),
    brands as (select * from marts.dim_brands where is_owned),
    facilities as (select * from staging.inventory_facilities),
    stocks as (
        select
            _company,
            product_id,
            facility_id,
            cast(round(coalesce(sum(quantity), 0), 4) as decimal(38, 4)) as on_hand,
            cast(round(coalesce(sum(reserved_quantity), 0), 4) as decimal(38, 4)) as reserved,
            count(distinct batch_id) as batches
        from items
        group by _company, product_id, facility_id
    )
select
    cast(stocks._company as varchar) as _company,  -- Company of the configuration that the stock belongs to.
    cast(stocks.product_id as bigint) as product_id,  -- Product.
    cast(stocks.facility_id as bigint) as facility_id,  -- Facility where it lies.
    cast(products.seller_id as bigint) as seller_id,  -- Selling company.
    cast(products.brand_id as bigint) as brand_id,  -- Brand of the product.
    cast(brands.brand_name as varchar) as brand_name,  -- Name of the brand.
    cast(products.product_name as varchar) as product_name,  -- Display name of the product, else its name.
    cast(products.sku as varchar) as sku,  -- The seller's stock number; no key.
    cast(products.category as varchar) as category,  -- Category of the product.
    cast(brands.owner_id as bigint) as owner_id,  -- Company that owns the brand; the key sees it.
    cast(brands.owner_name as varchar) as owner_name,  -- Name of that company.
    cast(facilities.facility_name as varchar) as facility_name,  -- Name of the facility.
    cast(stocks.on_hand as decimal(38, 4)) as on_hand,  -- In stock there, in the product's unit of measure.
    cast(stocks.reserved as decimal(38, 4)) as reserved,  -- Of these, reserved.
    cast(stocks.on_hand - stocks.reserved as decimal(38, 4)) as available,  -- Of these, for sale: on_hand - reserved.
    cast(stocks.batches as bigint) as batches  -- Distinct batches that they are of.
from stocks
join products on products._company = stocks._company and products.product_id = stocks.product_id
join brands on brands._company = products._company and brands.brand_id = products.brand_id
left join facilities on facilities._company = stocks._company and facilities.facility_id = stocks.facility_id
