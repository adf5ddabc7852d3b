-- One row per seller, product, customer, currency and month with a sale line: where a product was placed.
-- needs: orders_received, line_items, products, customers
select distinct
    _company,
    seller_id,
    product_id,
    brand_id,
    customer_id,
    currency,
    cast(date_trunc('month', order_date) as date) as month  -- First day of the month of the order.
from intermediate.order_line_facts
where is_sale
