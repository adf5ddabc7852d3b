-- severity: warn
-- Every live line names a live product; without one its sales have no brand and no sell-through.
select lines._company, lines.line_id, lines.order_number, lines.product_id
from staging.line_items as lines
left join staging.products as products
    on products._company = lines._company and products.product_id = lines.product_id
where products.product_id is null
