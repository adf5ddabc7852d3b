-- One row per line of an order, in any status: all of fct_order_lines, under the name of LeafLink's report.
-- key: _company, line_id
-- needs: line_items, orders_received, products, customers
-- kind: view
select
    cast(_company as varchar) as _company,  -- Company of the configuration that the line belongs to.
    cast(line_id as bigint) as line_id,  -- Key of the line.
    cast(order_number as varchar) as order_number,  -- LeafLink's key of the order.
    cast(short_id as varchar) as short_id,  -- Number of the order that people see; it can change.
    cast(status as varchar) as status,  -- Status of the order as known now.
    cast(seller_id as bigint) as seller_id,  -- Selling company.
    cast(customer_id as bigint) as customer_id,  -- The seller's record of a customer: a door.
    cast(customer_name as varchar) as customer_name,  -- Its nickname, else name.
    cast(customer_state as varchar) as customer_state,  -- State of the customer.
    cast(product_id as bigint) as product_id,  -- Product.
    cast(product_name as varchar) as product_name,  -- Display name of the product, else its name.
    cast(sku as varchar) as sku,  -- The seller's stock number; no key.
    cast(brand_id as bigint) as brand_id,  -- Brand of the product; null for products without a brand.
    cast(brand_name as varchar) as brand_name,  -- Name of the brand.
    cast(product_line as varchar) as product_line,  -- Product line of the product.
    cast(category as varchar) as category,  -- Category of the product.
    cast(order_date as date) as order_date,  -- Local date of created_on.
    cast(invoice_date as date) as invoice_date,  -- Local date of ship_date, else order_date.
    cast(days_ago as int) as days_ago,  -- as_of - order_date.
    cast(currency as varchar) as currency,  -- Currency of every amount in the row.
    cast(units as decimal(38, 4)) as units,  -- Base units.
    cast(unit_multiplier as bigint) as unit_multiplier,  -- Base units in a case (selling unit); null or 0 is 1.
    cast(cases as decimal(38, 4)) as cases,  -- units / unit_multiplier.
    cast(case_price as decimal(28, 6)) as case_price,  -- Price of a case: sale_price above 0, else ordered_unit_price.
    -- The line's wholesale_price above 0, else the product's in the line's currency, else null.
    cast(list_case_price as decimal(28, 6)) as list_case_price,
    cast(list_basis as varchar) as list_basis,  -- Where list_case_price comes from: line, product or none.
    -- case_price x units / unit_multiplier; null without a price or quantity, or from 100,000,000 on.
    cast(line_amount as decimal(28, 6)) as line_amount,
    cast(list_amount as decimal(28, 6)) as list_amount,  -- The same with list_case_price, else line_amount.
    -- The line's part of the order's discount: by line_amount, in whole cents that add up to it; 0 for samples.
    cast(discount as decimal(38, 2)) as discount,
    cast(net_amount as decimal(28, 6)) as net_amount,  -- line_amount - discount.
    cast(is_sample as boolean) as is_sample,  -- Whether the line is a sample.
    cast(is_on_sale as boolean) as is_on_sale,  -- Whether it has a sale price.
    cast(is_booked as boolean) as is_booked,  -- Whether the order's status is booked.
    -- Whether it counts in sales: no sample, in a booked order of as_of or earlier.
    cast(is_sale as boolean) as is_sale,
    -- Whether it counts in shipped sales: no sample, in a billed order.
    cast(is_shipped_sale as boolean) as is_shipped_sale,
    cast(as_of as date) as as_of  -- The date that the row is computed for.
from marts.fct_order_lines
