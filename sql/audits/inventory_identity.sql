-- severity: warn
-- Of a product whose stock LeafLink counts, what is for sale is what is in stock less what is reserved.
select _company, product_id, product_name, on_hand, reserved, available
from marts.dim_products
where is_managed and available <> on_hand - coalesce(reserved, 0)
