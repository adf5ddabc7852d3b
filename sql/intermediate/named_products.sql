-- One row per live product, with the names of its brand, product line and category.
-- needs: products
with
    products as (select * from staging.products),
    brands as (select * from staging.brands),
    product_lines as (select * from staging.product_lines),
    categories as (select * from staging.product_categories)
select
    products.*,
    brands.brand_name,
    product_lines.product_line,
    categories.category
from products
left join brands on brands._company = products._company and brands.brand_id = products.brand_id
left join product_lines
    on product_lines._company = products._company and product_lines.product_line_id = products.product_line_id
left join categories on categories._company = products._company and categories.category_id = products.category_id
