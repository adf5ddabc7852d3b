-- severity: warn
-- Every live line belongs to a live order.
select lines._company, lines.line_id, lines.order_number
from staging.line_items as lines
left join staging.orders_received as orders
    on orders._company = lines._company and orders.order_number = lines.order_number
where orders.order_number is null
