-- One row per product.
-- key: _company, product_id
-- needs: products
with
    products as (select * from intermediate.named_products),
    subcategories as (select * from staging.product_subcategories),
    strains as (select * from staging.strains),
    listed as (select _company, product_id, unnest(strains) as strain_id from products),
    strain_lists as (
        select
            listed._company,
            listed.product_id,
            array_to_string(list_sort(array_agg(distinct strains.strain)), '; ') as strains
        from listed
        join strains on strains._company = listed._company and strains.strain_id = listed.strain_id
        where strains.strain is not null
        group by listed._company, listed.product_id
    )
select
    cast(products._company as varchar) as _company,  -- Company of the configuration that the product belongs to.
    cast(products.product_id as bigint) as product_id,  -- Key of the product.
    cast(products.product_name as varchar) as product_name,  -- Display name, else name.
    cast(products.sku as varchar) as sku,  -- The seller's stock number; no key.
    cast(products.seller_id as bigint) as seller_id,  -- Selling company.
    cast(products.brand_id as bigint) as brand_id,  -- Brand; null without one.
    cast(products.brand_name as varchar) as brand_name,  -- Name of the brand.
    cast(products.product_line as varchar) as product_line,  -- Name of the product line.
    cast(products.category as varchar) as category,  -- Name of the category.
    cast(products.product_line_id as bigint) as product_line_id,  -- Product line.
    cast(products.category_id as bigint) as category_id,  -- Category.
    cast(products.subcategory_id as bigint) as subcategory_id,  -- Subcategory.
    cast(subcategories.subcategory as varchar) as subcategory,  -- Name of the subcategory.
    cast(strain_lists.strains as varchar) as strains,  -- Names of the strains.
    cast(products.strain_classification as varchar) as strain_classification,  -- Such as sativa or hybrid.
    cast(products.parent_id as bigint) as parent_id,  -- Product that it is a variety of.
    cast(products.listing_state as varchar) as listing_state,  -- Available, Archived and the like.
    cast(products.is_managed as boolean) as is_managed,  -- Whether LeafLink counts its stock.
    cast(products.unit_of_measure as varchar) as unit_of_measure,  -- What quantities are counted in.
    cast(products.unit_multiplier as bigint) as unit_multiplier,  -- Base units in a case; at least 1.
    cast(products.wholesale_price as decimal(28, 6)) as wholesale_case_price,  -- List price of a case.
    cast(products.sale_price as decimal(28, 6)) as sale_case_price,  -- Sale price of a case; null at 0: there is no sale.
    cast(products.retail_price as decimal(28, 6)) as retail_unit_price,  -- Retail price of a base unit.
    cast(products.price_currency as varchar) as price_currency,  -- Currency of the wholesale price.
    -- Base units in stock now; null unless LeafLink counts them.
    cast(case when products.is_managed then products.quantity end as decimal(38, 4)) as on_hand,
    -- Of these, reserved by open orders.
    cast(case when products.is_managed then products.reserved_quantity end as decimal(38, 4)) as reserved,
    -- Of these, for sale.
    cast(case when products.is_managed then products.available_quantity end as decimal(38, 4)) as available,
    cast(products.created_date as date) as created_date  -- Local date on which it was created.
from products
left join subcategories
    on subcategories._company = products._company and subcategories.subcategory_id = products.subcategory_id
left join strain_lists
    on strain_lists._company = products._company and strain_lists.product_id = products.product_id
