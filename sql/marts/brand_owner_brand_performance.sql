-- One row per owned brand, seller, month and currency: brand_performance of the brands of the companies that the key
-- sees, at the sellers whose orders the key sees.
-- key: _company, seller_id, brand_id, month, currency
-- needs: brands, orders_received, line_items, products, customers
-- kind: view
with
    months as (select * from marts.brand_performance),
    brands as (select * from marts.dim_brands where is_owned)
select
    cast(months._company as varchar) as _company,  -- Company of the configuration that the orders belong to.
    cast(brands.owner_id as bigint) as owner_id,  -- Company that owns the brand.
    cast(brands.owner_name as varchar) as owner_name,  -- Name of that company.
    cast(months.seller_id as bigint) as seller_id,  -- Selling company.
    cast(months.seller_name as varchar) as seller_name,  -- Name of the selling company.
    cast(months.brand_id as bigint) as brand_id,  -- Brand.
    cast(months.brand_name as varchar) as brand_name,  -- Name of the brand.
    cast(months.month as date) as month,  -- First day of the local month in which the orders were created.
    cast(months.currency as varchar) as currency,  -- Currency of every amount in the row.
    cast(months.gross_sales as decimal(38, 2)) as gross_sales,  -- Line amounts of the sale lines, before discount.
    cast(months.discount as decimal(38, 2)) as discount,  -- The lines' parts of their orders' discounts.
    cast(months.net_sales as decimal(38, 2)) as net_sales,  -- gross_sales - discount.
    cast(months.units as decimal(38, 4)) as units,  -- Base units sold, without samples.
    cast(months.cases as decimal(38, 4)) as cases,  -- Cases sold: units / unit_multiplier, without samples.
    cast(months.orders as bigint) as orders,  -- Orders with a sale line of the brand.
    cast(months.doors as bigint) as doors,  -- Known customers with a sale line of the brand.
    -- Doors whose first sale line of the brand with the seller, in any currency, is in the month.
    cast(months.new_doors as bigint) as new_doors,
    -- Distinct known customers and products with a sale line.
    cast(months.points_of_distribution as bigint) as points_of_distribution,
    cast(months.sample_units as decimal(38, 4)) as sample_units,  -- Base units given as samples.
    cast(months.as_of as date) as as_of  -- The date that the row is computed for.
from months
join brands on brands._company = months._company and brands.brand_id = months.brand_id
