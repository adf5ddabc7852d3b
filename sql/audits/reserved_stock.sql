-- severity: warn
-- Of a product whose stock LeafLink counts, what is reserved is what Submitted and Accepted orders have of it.
with
    lines as (
        select _company, product_id, sum(units) as units
        from marts.fct_order_lines
        where status in ('Submitted', 'Accepted') and product_id is not null
        group by _company, product_id
    ),
    products as (select _company, product_id, product_name, reserved from marts.dim_products where is_managed)
select
    products._company,
    products.product_id,
    products.product_name,
    products.reserved,
    coalesce(lines.units, 0) as units_in_orders
from products
left join lines on lines._company = products._company and lines.product_id = products.product_id
where coalesce(products.reserved, 0) <> coalesce(lines.units, 0)
