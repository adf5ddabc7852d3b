-- One row per seller, known customer and currency with a sale or billed order; and one per customer that has none with
-- its seller, in its own currency.
-- key: _company, seller_id, customer_id, currency
-- needs: orders_received, line_items, products, customers, order_payments
with
    orders as (select * from marts.fct_orders where customer_id is not null and (is_sale or is_billed)),
    customers as (select * from marts.dim_customers),
    doors as (select * from intermediate.doors),
    rhythms as (select * from intermediate.order_rhythms where level = 'seller'),
    aging as (select * from marts.ar_aging_by_customer),
    settled as (
        select
            *,
            is_billed and open_balance <= 0 and settled_date is not null as is_settled,
            date_diff('day', invoice_date, settled_date) as days_to_pay,
            date_diff('day', due_date, settled_date) as days_beyond_terms
        from orders
    ),
    bought as (
        select
            _company,
            seller_id,
            customer_id,
            currency,
            count(case when is_sale then 1 end) as orders,
            coalesce(sum(case when is_sale then net_sales end), 0) as net_sales,
            count(case when is_sale and days_ago <= 364 then 1 end) as orders_12m,
            coalesce(sum(case when is_sale and days_ago <= 364 then net_sales end), 0) as net_sales_12m,
            coalesce(sum(case when is_sale and days_ago between 365 and 729 then net_sales end), 0)
                as net_sales_prior_12m,
            min(case when is_billed then invoice_date end) as first_invoice_date,
            max(case when is_billed then invoice_date end) as last_invoice_date,
            coalesce(sum(case when is_settled then days_to_pay end), 0) as settled_days,
            count(case when is_settled then 1 end) as settled_orders,
            coalesce(sum(case when is_settled then days_beyond_terms end), 0) as beyond_terms_days,
            count(case when is_settled then due_date end) as dated_orders,
            count(case when is_settled and days_beyond_terms > 0 then 1 end) as late_orders
        from settled
        group by _company, seller_id, customer_id, currency
    ),
    buyers as (select distinct _company, seller_id, customer_id from bought),
    others as (
        select customers._company, customers.seller_id, customers.customer_id, customers.currency
        from customers
        left join buyers
            on buyers._company = customers._company
            and buyers.seller_id is not distinct from customers.seller_id
            and buyers.customer_id = customers.customer_id
        where buyers.customer_id is null
    ),
    listed as (
        select *, true as is_buyer from bought
        union all
        select
            _company,
            seller_id,
            customer_id,
            currency,
            0 as orders,
            0 as net_sales,
            0 as orders_12m,
            0 as net_sales_12m,
            0 as net_sales_prior_12m,
            cast(null as date) as first_invoice_date,
            cast(null as date) as last_invoice_date,
            0 as settled_days,
            0 as settled_orders,
            0 as beyond_terms_days,
            0 as dated_orders,
            0 as late_orders,
            false as is_buyer
        from others
    ),
    joined as (
        select
            listed.*,
            doors.customer_name,
            doors.customer_state,
            customers.tier,
            customers.customer_status,
            customers.license_type,
            customers.managers,
            customers.is_archived,
            not listed.is_buyer and customers.is_licensed and not customers.is_archived as is_white_space,
            coalesce(rhythms.band, 'never') as band,
            rhythms.first_order_date,
            rhythms.last_order_date,
            rhythms.days_since_order,
            coalesce(rhythms.order_days, 0) as order_days,
            rhythms.median_gap_days,
            rhythms.next_order_date,
            rhythms.days_until_next,
            coalesce(aging.open_net, 0) as open_net,
            coalesce(aging.past_due, 0) as past_due,
            listed.orders > 0 as has_orders
        from listed
        left join rhythms
            on rhythms._company = listed._company
            and rhythms.seller_id is not distinct from listed.seller_id
            and rhythms.customer_id = listed.customer_id
            and rhythms.currency is not distinct from listed.currency
        left join aging
            on aging._company = listed._company
            and aging.seller_id is not distinct from listed.seller_id
            and aging.customer_id = listed.customer_id
            and aging.currency is not distinct from listed.currency
        left join doors on doors._company = listed._company and doors.customer_id = listed.customer_id
        left join customers on customers._company = listed._company and customers.customer_id = listed.customer_id
    ),
    ranked as (
        select
            *,
            rank() over (
                partition by _company, seller_id, currency, has_orders order by last_order_date
            ) as recency_rank,
            rank() over (partition by _company, seller_id, currency, has_orders order by orders_12m) as frequency_rank,
            rank() over (partition by _company, seller_id, currency, has_orders order by net_sales_12m)
                as monetary_rank,
            count(*) over (partition by _company, seller_id, currency, has_orders) as ranked_doors
        from joined
    ),
    scaled as (  -- ratios are divided in cents and days, since dividing decimals gives doubles
        select *, cast(net_sales * 100 as hugeint) as net_cents
        from ranked
    )
select
    cast(_company as varchar) as _company,  -- Company of the configuration that the customer belongs to.
    cast(seller_id as bigint) as seller_id,  -- Selling company.
    cast(customer_id as bigint) as customer_id,  -- The seller's record of a customer: a door.
    cast(customer_name as varchar) as customer_name,  -- Nickname of the customer, else its name, else the order's word.
    cast(customer_state as varchar) as customer_state,  -- State of the customer.
    cast(currency as varchar) as currency,  -- Currency of every amount in the row.
    cast(band as varchar) as band,  -- By days_since_order: active (at most 30), 31_60, 61_90, over_90 or never.
    cast(open_net as decimal(38, 2)) as open_net,  -- Open balances of billed orders; 0 when none is open.
    cast(past_due as decimal(38, 2)) as past_due,  -- Open balances above zero from one day past due on.
    cast(tier as varchar) as tier,  -- Name of its tier.
    cast(customer_status as varchar) as customer_status,  -- The seller's status for it, in words.
    cast(license_type as varchar) as license_type,  -- Type of the licence, as displayed.
    cast(managers as varchar) as managers,  -- Names of the account managers; personal data.
    cast(is_archived as boolean) as is_archived,  -- Whether the record is archived; null when it is deleted.
    -- Whether it is licensed, not archived, and without a sale or billed order with the seller in any currency.
    cast(coalesce(is_white_space, false) as boolean) as is_white_space,
    cast(first_order_date as date) as first_order_date,  -- Date of the first order with is_sale.
    cast(last_order_date as date) as last_order_date,  -- Date of the last one.
    cast(days_since_order as integer) as days_since_order,  -- as_of - last_order_date.
    cast(orders as bigint) as orders,  -- Orders with is_sale.
    cast(order_days as bigint) as order_days,  -- Distinct dates of these orders.
    cast(net_sales as decimal(38, 2)) as net_sales,  -- Their net sales.
    -- Average order value: net_sales / orders.
    cast(
        cast(
            (200 * net_cents + case when net_cents < 0 then -orders else orders end) // nullif(2 * orders, 0)
            as decimal(38, 0)
        ) * 0.0001 as decimal(38, 4)
    ) as aov,
    cast(orders_12m as bigint) as orders_12m,  -- Orders with is_sale of the last 365 days.
    cast(net_sales_12m as decimal(38, 2)) as net_sales_12m,  -- Their net sales.
    cast(net_sales_prior_12m as decimal(38, 2)) as net_sales_prior_12m,  -- Net sales of the 365 days before these.
    -- Median (the lower one) of the days between consecutive order days; null below three order days.
    cast(median_gap_days as integer) as median_gap_days,
    cast(next_order_date as date) as next_order_date,  -- last_order_date + median_gap_days.
    cast(days_until_next as integer) as days_until_next,  -- next_order_date - as_of; negative when overdue.
    -- Whether days_since_order > 2 x median_gap_days; false without a median.
    cast(coalesce(days_since_order > 2 * median_gap_days, false) as boolean) as is_at_risk,
    -- 1 + floor(5 x (rank - 1) / n): rank upwards by last_order_date among the n customers with orders of the seller
    -- and currency; 5 is best, null without orders.
    cast(case when has_orders then 1 + 5 * (recency_rank - 1) // ranked_doors end as integer) as recency_score,
    cast(case when has_orders then 1 + 5 * (frequency_rank - 1) // ranked_doors end as integer)
        as frequency_score,  -- The same by orders_12m.
    cast(case when has_orders then 1 + 5 * (monetary_rank - 1) // ranked_doors end as integer)
        as monetary_score,  -- The same by net_sales_12m.
    cast(first_invoice_date as date) as first_invoice_date,  -- Invoice date of the first billed order.
    cast(last_invoice_date as date) as last_invoice_date,  -- Invoice date of the last one.
    -- settled_days / settled_orders.
    cast(
        cast(
            (
                20000 * cast(settled_days as hugeint)
                + case when settled_days < 0 then -settled_orders else settled_orders end
            ) // nullif(2 * settled_orders, 0) as decimal(38, 0)
        ) * 0.0001 as decimal(38, 4)
    ) as average_days_to_pay,
    cast(settled_days as bigint) as settled_days,  -- Days from invoice_date to settled_date of settled orders.
    -- Billed orders with an open balance of 0 or less and a settled_date.
    cast(settled_orders as bigint) as settled_orders,
    -- beyond_terms_days / dated_orders.
    cast(
        cast(
            (
                20000 * cast(beyond_terms_days as hugeint)
                + case when beyond_terms_days < 0 then -dated_orders else dated_orders end
            ) // nullif(2 * dated_orders, 0) as decimal(38, 0)
        ) * 0.0001 as decimal(38, 4)
    ) as average_days_beyond_terms,
    cast(beyond_terms_days as bigint) as beyond_terms_days,  -- Days from due_date to settled_date of dated_orders.
    cast(dated_orders as bigint) as dated_orders,  -- Settled orders with a due_date.
    cast(late_orders as bigint) as late_orders,  -- Of these, those settled after it.
    -- late_orders / dated_orders.
    cast(
        cast((20000 * cast(late_orders as hugeint) + dated_orders) // nullif(2 * dated_orders, 0) as decimal(38, 0))
        * 0.0001 as decimal(38, 4)
    ) as late_share,
    cast(getvariable('as_of') as date) as as_of  -- The date that the row is computed for.
from scaled
