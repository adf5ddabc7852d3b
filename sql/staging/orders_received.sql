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
    coalesce(nullif(orders.external_id_seller, ''), nullif(orders.order_seller_number, ''), orders.short_id)
        as seller_number,
    orders.seller as seller_id,
    orders.buyer as buyer_id,
    orders.customer.id as customer_id,
    nullif(orders.customer.display_name, '') as customer_name,
    orders.sales_reps,
    orders.status,
    nullif(orders.classification, '') as classification,
    coalesce(orders.is_combination, false) as is_combination,
    coalesce(orders.manual, false) as is_manual,
    case when abs(orders.total_amount) < 1000000000000 then orders.total_amount end as total_amount,
    orders.total_currency as currency,
    coalesce(case when abs(orders.credits) < 1000000000000 then orders.credits end, 0) as credits,
    case when abs(orders.payment_balance) < 1000000000000 then orders.payment_balance end as payment_balance,
    case when abs(orders.discount) < 1000000000000 then orders.discount end as discount,
    orders.discount_type,
    -- A tax in percent is known as an amount only through final_tax.
    coalesce(
        case when abs(orders.final_tax) < 1000000000000 then orders.final_tax end,
        case when orders.tax_type = '$' and abs(orders.tax_amount) < 1000000000000 then orders.tax_amount end,
        0
    ) as tax_amount,
    coalesce(
        case when abs(orders.shipping_charge_amount) < 1000000000000 then orders.shipping_charge_amount end, 0
    ) as shipping_amount,
    orders.selected_payment_option.payment_term.days as option_term_days,
    orders.selected_payment_option.payment_term.code as option_term_code,
    orders.selected_payment_option.payment_term.term as option_term,
    orders.payment_term,
    coalesce(statuses.is_booked, false) as is_booked,
    coalesce(statuses.is_receivable, false) as is_receivable,
    coalesce(statuses.is_committed, false) as is_committed,
    statuses.status is not null as is_known_status,
    coalesce(orders.paid, false) as is_ticked_paid,
    coalesce(orders.llf_payment_method, false) as is_llf_financed,
    orders.customer.delinquent as is_delinquent,
    orders.created_on as created_at,
    orders.modified as modified_at,
    cast(orders.created_on at time zone orders.timezone as date) as order_date,
    cast(orders.modified at time zone orders.timezone as date) as modified_date,
    cast(orders.ship_date at time zone orders.timezone as date) as ship_date,
    cast(coalesce(orders.ship_date, orders.created_on) at time zone orders.timezone as date) as invoice_date,
    cast(orders.payment_due_date at time zone orders.timezone as date) as payment_due_date,
    orders.paid_date
from orders
left join statuses on statuses.status = orders.status
