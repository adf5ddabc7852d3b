-- One row per customer in the list of customers or on an order: its nickname, else its name, else the order's word.
-- needs: customers, orders_received
with
    customers as (select * from staging.customers),
    named as (
        select _company, customer_id, max(customer_name) as order_name
        from staging.orders_received
        where customer_id is not null
        group by _company, customer_id
    )
select
    -- Company of the configuration that the customer belongs to.
    coalesce(customers._company, named._company) as _company,
    coalesce(customers.customer_id, named.customer_id) as customer_id,  -- The seller's record of a customer: a door.
    -- Nickname of the customer, else its name, else the order's word.
    coalesce(customers.customer_name, named.order_name) as customer_name,
    customers.state as customer_state  -- State of the customer.
from customers
full join named on named._company = customers._company and named.customer_id = customers.customer_id
