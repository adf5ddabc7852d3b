-- One row per live order: whose it is, and what its status and dates make of it. Lines and payments are no part of it.
with
    orders as (select * from staging.orders_received),
    customers as (select * from staging.customers)
select
    orders._company,
    orders.order_number,
    orders.short_id,
    orders.status,
    orders.seller_id,
    orders.customer_id,
    -- Nickname of the customer, else its name, else the order's word.
    coalesce(customers.customer_name, orders.customer_name) as customer_name,
    customers.state as customer_state,
    orders.order_date,
    orders.invoice_date,
    orders.is_booked,
    orders.is_receivable,
    orders.is_receivable and orders.invoice_date <= getvariable('as_of')
        as is_billed  -- Receivable, and invoiced on or before as_of.
from orders
left join customers on customers._company = orders._company and customers.customer_id = orders.customer_id
