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
    coalesce(nullif(display_name, ''), nullif(name, '')) as product_name,  -- Display name, else the name.
    nullif(sku, '') as sku,
    product_line as product_line_id,
    category as category_id,
    sub_category as subcategory_id,
    strains,
    nullif(strain_classification, '') as strain_classification,
    parent.id as parent_id,  -- The product that it is a variety of.
    nullif(listing_state, '') as listing_state,
    nullif(unit_of_measure, '') as unit_of_measure,
    -- Base units in a selling unit; 1 where LeafLink gives none above 0.
    case when unit_multiplier > 0 then unit_multiplier else 1 end as unit_multiplier,
    -- List price of a selling unit; a hundred million or more is no price.
    case when abs(wholesale_price_amount) < 100000000 then wholesale_price_amount end as wholesale_price,
    nullif(wholesale_price_currency, '') as price_currency,
    -- Price of a selling unit while it is on sale; null when it is not. A hundred million or more is no price.
    case when sale_price_amount <> 0 and abs(sale_price_amount) < 100000000 then sale_price_amount end as sale_price,
    -- Suggested retail price of a base unit; a hundred million or more is no price.
    case when abs(retail_price_amount) < 100000000 then retail_price_amount end as retail_price,
    -- Base units in stock; a trillion or more is no quantity.
    case when abs(quantity) < 1000000000000 then quantity end as quantity,
    -- Base units of these that are reserved for orders.
    case when abs(reserved_qty) < 1000000000000 then reserved_qty end as reserved_quantity,
    -- Base units that can be sold.
    case when abs(available_inventory) < 1000000000000 then available_inventory end as available_quantity,
    -- Whether LeafLink keeps count of its stock: 1 of 1 Managed, 2 Unlimited, 3 Inherited.
    coalesce(inventory_management = 1, false) as is_managed,
    cast(created_on at time zone timezone as date) as created_date  -- Local date on which it was created.
from products
