-- One row per live order, with its local dates and what its status counts for.
-- An amount of a trillion or more is none: sums and products of such amounts would leave what a decimal holds.
with
    orders as (
        select raw_orders.*, coalesce(companies.timezone, getvariable('timezone')) as timezone
        from raw.orders_received as raw_orders
        left join meta.companies as companies on companies._company = raw_orders._company
        where raw_orders._deleted_at is null
    ),
    statuses as (select * from seeds.order_statuses)
select
    orders._company,
    orders.number as order_number,
    orders.short_id,
    -- The seller's own number of the order, else the number that people see.
    coalesce(nullif(orders.external_id_seller, ''), nullif(orders.order_seller_number, ''), orders.short_id)
        as seller_number,
    orders.seller as seller_id,
    orders.buyer as buyer_id,
    orders.customer.id as customer_id,  -- The seller's record of the customer: a door.
    nullif(orders.customer.display_name, '') as customer_name,  -- Name of the customer in the order.
    orders.sales_reps,
    orders.status,
    nullif(orders.classification, '') as classification,
    coalesce(orders.is_combination, false) as is_combination,
    coalesce(orders.manual, false) as is_manual,
    -- Total; a trillion or more is no amount.
    case when abs(orders.total_amount) < 1000000000000 then orders.total_amount end as total_amount,
    orders.total_currency as currency,
    -- Credits applied to the order, 0 where there are none; a trillion or more is no amount.
    coalesce(case when abs(orders.credits) < 1000000000000 then orders.credits end, 0) as credits,
    -- What LeafLink says is still to be paid; a trillion or more is no amount.
    case when abs(orders.payment_balance) < 1000000000000 then orders.payment_balance end as payment_balance,
    -- Discount: a percentage or an amount, as discount_type says; a trillion or more is none.
    case when abs(orders.discount) < 1000000000000 then orders.discount end as discount,
    orders.discount_type,
    -- Tax, 0 where none is known: a tax in percent is known as an amount only through final_tax.
    coalesce(
        case when abs(orders.final_tax) < 1000000000000 then orders.final_tax end,
        case when orders.tax_type = '$' and abs(orders.tax_amount) < 1000000000000 then orders.tax_amount end,
        0
    ) as tax_amount,
    -- Shipping charge, 0 where there is none; a trillion or more is no amount.
    coalesce(
        case when abs(orders.shipping_charge_amount) < 1000000000000 then orders.shipping_charge_amount end, 0
    ) as shipping_amount,
    orders.selected_payment_option.payment_term.days as option_term_days,  -- Days of the payment term that was selected.
    orders.selected_payment_option.payment_term.code as option_term_code,  -- Code of that term.
    orders.selected_payment_option.payment_term.term as option_term,  -- That term in words.
    orders.payment_term,
    coalesce(statuses.is_booked, false) as is_booked,  -- Whether its status counts as booked (seeds.order_statuses).
    coalesce(statuses.is_receivable, false) as is_receivable,  -- Whether its status counts as receivable.
    coalesce(statuses.is_committed, false) as is_committed,  -- Whether its status counts as committed.
    statuses.status is not null as is_known_status,  -- Whether seeds.order_statuses has its status.
    coalesce(orders.paid, false) as is_ticked_paid,
    coalesce(orders.llf_payment_method, false) as is_llf_financed,
    orders.customer.delinquent as is_delinquent,  -- Whether the order says that the customer is behind on payments.
    orders.created_on as created_at,
    orders.modified as modified_at,
    cast(orders.created_on at time zone orders.timezone as date) as order_date,  -- Local date on which it was created.
    -- Local date on which it was last changed.
    cast(orders.modified at time zone orders.timezone as date) as modified_date,
    -- Local date of shipping; it may lie ahead.
    cast(orders.ship_date at time zone orders.timezone as date) as ship_date,
    -- Local date of ship_date, else of created_on.
    cast(coalesce(orders.ship_date, orders.created_on) at time zone orders.timezone as date) as invoice_date,
    -- LeafLink's own due date, as a local date.
    cast(orders.payment_due_date at time zone orders.timezone as date) as payment_due_date,
    orders.paid_date
from orders
left join statuses on statuses.status = orders.status
