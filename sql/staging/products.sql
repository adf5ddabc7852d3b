-- One row per live product. Quantities are in base units, prices per selling unit but for the retail price.
with
    products as (
        select raw_products.*, coalesce(companies.timezone, getvariable('timezone')) as timezone
        from raw.products as raw_products
        left join meta.companies as companies on companies._company = raw_products._company
        where raw_products._deleted_at is null
    )
select
    _company,
    id as product_id,
    seller as seller_id,
    brand as brand_id,
    coalesce(nullif(display_name, ''), nullif(name, '')) as product_name,
    nullif(sku, '') as sku,
    product_line as product_line_id,
    category as category_id,
    sub_category as subcategory_id,
    strains,
    nullif(strain_classification, '') as strain_classification,
    parent.id as parent_id,
    nullif(listing_state, '') as listing_state,
    nullif(unit_of_measure, '') as unit_of_measure,
    case when unit_multiplier > 0 then unit_multiplier else 1 end as unit_multiplier,
    -- A price of a hundred million or more is no price, a trillion or more no quantity.
    case when abs(wholesale_price_amount) < 100000000 then wholesale_price_amount end as wholesale_price,
    nullif(wholesale_price_currency, '') as price_currency,
    case when sale_price_amount <> 0 and abs(sale_price_amount) < 100000000 then sale_price_amount end as sale_price,
    case when abs(retail_price_amount) < 100000000 then retail_price_amount end as retail_price,
    case when abs(quantity) < 1000000000000 then quantity end as quantity,
    case when abs(reserved_qty) < 1000000000000 then reserved_qty end as reserved_quantity,
    case when abs(available_inventory) < 1000000000000 then available_inventory end as available_quantity,
    coalesce(inventory_management = 1, false) as is_managed,  -- 1 Managed, 2 Unlimited, 3 Inherited
    cast(created_on at time zone timezone as date) as created_date
from products
