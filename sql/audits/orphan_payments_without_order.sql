-- severity: warn
-- Every live payment belongs to a live order.
select payments._company, payments.payment_id, payments.order_number, payments.amount
from staging.order_payments as payments
left join staging.orders_received as orders
    on orders._company = payments._company and orders.order_number = payments.order_number
where orders.order_number is null
