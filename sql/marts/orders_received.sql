-- One row per order, in any status, with the columns of LeafLink's report of orders received.
-- key: _company, order_number
-- needs: orders_received, line_items, products, customers, order_payments
-- kind: view
select
    cast(_company as varchar) as _company,  -- Company of the configuration that the order belongs to.
    cast(order_number as varchar) as order_number,  -- LeafLink's key of the order.
    cast(short_id as varchar) as short_id,  -- Number of the order that people see; it can change.
    cast(seller_number as varchar) as seller_number,  -- The seller's own number of the order, else short_id.
    cast(order_date as date) as order_date,  -- Local date of created_on.
    cast(ship_date as date) as ship_date,  -- Local date on which it ships; null until known.
    -- Local date of payment_due_date, else invoice_date and the days of the term; null unless receivable or committed.
    cast(due_date as date) as due_date,
    cast(customer_name as varchar) as customer_name,  -- Nickname of the customer, else its name, else the order's word.
    cast(customer_state as varchar) as customer_state,  -- State of the customer.
    cast(status as varchar) as status,  -- Status of the order as known now.
    cast(reps as varchar) as reps,  -- Names of the reps on the order.
    cast(currency as varchar) as currency,  -- Currency of every amount in the row.
    cast(gross_sales as decimal(38, 2)) as gross_sales,  -- Line amounts but for samples, before discount.
    cast(discount as decimal(38, 2)) as discount,  -- The order's discount, as an amount.
    cast(tax as decimal(38, 2)) as tax,  -- final_tax, else a tax in $.
    cast(shipping as decimal(38, 2)) as shipping,  -- Shipping charge.
    cast(total as decimal(38, 2)) as total,  -- Total as LeafLink gives it; 0 without one.
    cast(credits as decimal(38, 2)) as credits,  -- Credits applied to the order.
    -- Signed sum of the payments in the order's currency (or in none) dated on or before as_of.
    cast(paid as decimal(38, 2)) as paid,
    cast(open_balance as decimal(38, 2)) as open_balance,  -- What is open; null unless billed, or committed by as_of.
    cast(as_of as date) as as_of  -- The date that the row is computed for.
from marts.fct_orders
