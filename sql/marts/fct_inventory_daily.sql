-- One row per product and day whose close a load recorded; other days have no row.
-- key: _company, product_id, day
-- needs: products
-- kind: view
with
    closes as (select * from history.inventory_daily),
    products as (select * from intermediate.named_products)
select
    cast(closes._company as varchar) as _company,  -- Company of the configuration that the product belongs to.
    cast(closes.product_id as bigint) as product_id,  -- Product.
    cast(products.product_name as varchar) as product_name,  -- Display name of the product, else its name.
    cast(products.brand_id as bigint) as brand_id,  -- Brand of the product; null for products without a brand.
    cast(products.brand_name as varchar) as brand_name,  -- Name of the brand.
    cast(products.category as varchar) as category,  -- Category of the product.
    cast(closes.day as date) as day,  -- Local day at whose close the stock was so.
    -- Base units in stock; they mean nothing unless is_managed. A trillion or more is no quantity.
    cast(case when abs(closes.quantity) < 1000000000000 then closes.quantity end as decimal(38, 4)) as on_hand,
    -- Of these, reserved by open orders.
    cast(
        case when abs(closes.reserved_quantity) < 1000000000000 then closes.reserved_quantity end as decimal(38, 4)
    ) as reserved,
    -- Of these, for sale.
    cast(
        case when abs(closes.available_quantity) < 1000000000000 then closes.available_quantity end as decimal(38, 4)
    ) as available,
    cast(closes.is_managed as boolean) as is_managed  -- Whether LeafLink counts the stock.
from closes
join products on products._company = closes._company and products.product_id = closes.product_id
