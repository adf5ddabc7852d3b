-- One row per line of an order, in any status. Sums of sales take the lines where is_sale, of shipped sales those where
-- is_shipped_sale.
-- key: _company, line_id
-- needs: line_items, orders_received, products, customers
-- kind: view
with
    lines as (select * from intermediate.order_line_facts),
    orders as (select * from intermediate.order_heads),
    products as (select * from intermediate.named_products)
select
    cast(lines._company as varchar) as _company,  -- Company of the configuration that the line belongs to.
    cast(lines.line_id as bigint) as line_id,  -- Key of the line.
    cast(lines.order_number as varchar) as order_number,  -- LeafLink's key of the order.
    cast(orders.short_id as varchar) as short_id,  -- Number of the order that people see; it can change.
    cast(orders.status as varchar) as status,  -- Status of the order as known now.
    cast(lines.seller_id as bigint) as seller_id,  -- Selling company.
    cast(lines.customer_id as bigint) as customer_id,  -- The seller's record of a customer: a door.
    cast(orders.customer_name as varchar) as customer_name,  -- Its nickname, else name.
    cast(orders.customer_state as varchar) as customer_state,  -- State of the customer.
    cast(lines.product_id as bigint) as product_id,  -- Product.
    cast(products.product_name as varchar) as product_name,  -- Display name of the product, else its name.
    cast(products.sku as varchar) as sku,  -- The seller's stock number; no key.
    cast(lines.brand_id as bigint) as brand_id,  -- Brand of the product; null for products without a brand.
    cast(products.brand_name as varchar) as brand_name,  -- Name of the brand.
    cast(products.product_line as varchar) as product_line,  -- Product line of the product.
    cast(products.category as varchar) as category,  -- Category of the product.
    cast(lines.order_date as date) as order_date,  -- Local date of created_on.
    cast(lines.invoice_date as date) as invoice_date,  -- Local date of ship_date, else order_date.
    cast(lines.days_ago as integer) as days_ago,  -- as_of - order_date.
    cast(lines.currency as varchar) as currency,  -- Currency of every amount in the row.
    cast(lines.units as decimal(38, 4)) as units,  -- Base units.
    cast(lines.unit_multiplier as bigint) as unit_multiplier,  -- Base units in a case (selling unit); null or 0 is 1.
    cast(lines.cases as decimal(38, 4)) as cases,  -- units / unit_multiplier.
    cast(lines.case_price as decimal(28, 6)) as case_price,  -- Price of a case: sale_price above 0, else ordered_unit_price.
    -- The line's wholesale_price above 0, else the product's in the line's currency, else null.
    cast(lines.list_case_price as decimal(28, 6)) as list_case_price,
    cast(lines.list_basis as varchar) as list_basis,  -- Where list_case_price comes from: line, product or none.
    -- case_price x units / unit_multiplier; null without a price or quantity, or from 100,000,000 on.
    cast(lines.line_amount as decimal(28, 6)) as line_amount,
    cast(lines.list_amount as decimal(28, 6)) as list_amount,  -- The same with list_case_price, else line_amount.
    -- The line's part of the order's discount: by line_amount, in whole cents that add up to it; 0 for samples.
    cast(lines.discount as decimal(38, 2)) as discount,
    cast(lines.line_amount - lines.discount as decimal(28, 6)) as net_amount,  -- line_amount - discount.
    cast(lines.is_sample as boolean) as is_sample,  -- Whether the line is a sample.
    cast(lines.is_on_sale as boolean) as is_on_sale,  -- Whether it has a sale price.
    cast(lines.is_booked as boolean) as is_booked,  -- Whether the order's status is booked.
    -- Whether it counts in sales: no sample, in a booked order of as_of or earlier.
    cast(lines.is_sale as boolean) as is_sale,
    -- Whether it counts in shipped sales: no sample, in a billed order.
    cast(lines.is_shipped_sale as boolean) as is_shipped_sale,
    cast(lines.as_of as date) as as_of  -- The date that the row is computed for.
from lines
join orders on orders._company = lines._company and orders.order_number = lines.order_number
left join products on products._company = lines._company and products.product_id = lines.product_id
