-- One row per seller, customer and currency of orders with sale lines (level seller), and one per brand and currency of
-- these lines (level brand): the first and the last order day, how many there are, the median of the days between them.
-- Of n order days, the median is the gap at place n // 2 of the n - 1 gaps in order; it takes three days to be one.
-- needs: orders_received, line_items, products, customers
with
    orders as (select * from staging.orders_received),
    brand_orders as (select * from intermediate.brand_orders where sale_lines > 0),
    days as (
        select distinct
            orders._company,
            orders.seller_id,
            orders.customer_id,
            orders.currency,
            'seller' as level,
            cast(null as bigint) as brand_id,
            orders.order_date
        from brand_orders
        join orders on orders._company = brand_orders._company and orders.order_number = brand_orders.order_number
        union all
        select distinct _company, seller_id, customer_id, currency, 'brand' as level, brand_id, order_date
        from brand_orders
    ),
    gaps as (
        select
            *,
            date_diff(
                'day',
                lag(order_date) over (
                    partition by _company, seller_id, customer_id, currency, level, brand_id order by order_date
                ),
                order_date
            ) as gap_days
        from days
    ),
    placed as (
        select
            *,
            row_number() over (
                partition by _company, seller_id, customer_id, currency, level, brand_id
                order by gap_days nulls last
            ) as place,
            count(*) over (partition by _company, seller_id, customer_id, currency, level, brand_id) as order_days
        from gaps
    ),
    rhythms as (
        select
            _company,
            seller_id,
            customer_id,
            currency,
            level,
            brand_id,
            min(order_date) as first_order_date,
            max(order_date) as last_order_date,
            count(*) as order_days,
            max(case when order_days >= 3 and place = order_days // 2 then gap_days end) as median_gap_days
        from placed
        group by _company, seller_id, customer_id, currency, level, brand_id
    ),
    dated as (
        select
            *,
            date_diff('day', last_order_date, getvariable('as_of')) as days_since_order,
            last_order_date + cast(median_gap_days as integer) as next_order_date
        from rhythms
    )
select
    _company,  -- Company of the configuration.
    seller_id,  -- Selling company.
    customer_id,  -- The seller's record of a customer: a door.
    currency,  -- Currency of the orders or lines.
    level,  -- seller or brand.
    brand_id,  -- The brand; null at the level seller.
    first_order_date,  -- First order day.
    last_order_date,  -- Last order day.
    order_days,  -- How many order days there are.
    median_gap_days,  -- Median of the days between them; null with fewer than three order days.
    days_since_order,  -- as_of - last_order_date.
    next_order_date,  -- last_order_date + median_gap_days; null without a median.
    -- next_order_date - as_of; negative when it is over.
    date_diff('day', getvariable('as_of'), next_order_date) as days_until_next,
    -- How long ago the last order day is: active (30 days at most), 31_60, 61_90 or over_90.
    case
        when days_since_order <= 30 then 'active'
        when days_since_order <= 60 then '31_60'
        when days_since_order <= 90 then '61_90'
        else 'over_90'
    end as band
from dated
