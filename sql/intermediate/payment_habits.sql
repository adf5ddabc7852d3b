-- One row per seller, currency, day to look ahead from, and customer (`is_own`; else once for the seller): after
-- how many days from the invoice its orders are settled, early (a fifth), in the middle and late (four fifths). It
-- looks at orders invoiced 91 to 455 days before the day; those not settled by then come last, without a number.
with
    origins as (select * from intermediate.forecast_origins),
    orders as (select * from marts.fct_orders where is_billed),
    balances as (select * from intermediate.balances_by_day where open_balance > 0),
    ticks as (select * from intermediate.order_balances where is_ticked_alone),
    payments as (select * from intermediate.settling_payments),
    sampled as (
        select
            orders._company,
            orders.order_number,
            orders.seller_id,
            orders.customer_id,
            orders.currency,
            orders.invoice_date,
            origins.origin
        from orders
        join origins
            on orders.invoice_date between cast(origins.origin - 455 as date) and cast(origins.origin - 91 as date)
    ),
    paid as (
        select sampled._company, sampled.order_number, sampled.origin, max(payments.payment_date) as payment_date
        from sampled
        join payments on payments._company = sampled._company and payments.order_number = sampled.order_number
        where payments.payment_date <= sampled.origin
        group by sampled._company, sampled.order_number, sampled.origin
    ),
    settled as (
        select
            sampled.*,
            case
                when balances.order_number is null
                    then date_diff(
                        'day',
                        sampled.invoice_date,
                        coalesce(
                            case when ticks.ticked_date <= sampled.origin then ticks.ticked_date end, paid.payment_date
                        )
                    )
            end as days
        from sampled
        left join balances
            on balances._company = sampled._company
            and balances.order_number = sampled.order_number
            and balances.day = sampled.origin
        left join ticks on ticks._company = sampled._company and ticks.order_number = sampled.order_number
        left join paid
            on paid._company = sampled._company
            and paid.order_number = sampled.order_number
            and paid.origin = sampled.origin
    ),
    counted as (  -- of orders that took as many days, it does not matter which one stands at a place
        select _company, seller_id, currency, origin, true as is_own, customer_id, days, count(*) as orders
        from settled
        group by _company, seller_id, currency, origin, customer_id, days
    ),
    samples as (
        select _company, seller_id, currency, origin, is_own, customer_id, days, orders from counted
        union all
        select _company, seller_id, currency, origin, false as is_own, null as customer_id, days, sum(orders) as orders
        from counted
        group by _company, seller_id, currency, origin, days
    ),
    placed as (
        select
            *,
            sum(orders) over (
                partition by _company, seller_id, currency, origin, is_own, customer_id order by days nulls last
            ) as last_place,
            sum(orders) over (partition by _company, seller_id, currency, origin, is_own, customer_id) as all_orders
        from samples
    )
select
    _company,
    seller_id,
    currency,
    origin,
    is_own,  -- Whether the row is of one customer, or of all of the seller's.
    customer_id,  -- The customer; null in the seller's own row.
    cast(max(all_orders) as bigint) as orders,  -- Orders that were looked at.
    -- Days after which a fifth of them was settled; null when it was not.
    cast(min(case when last_place >= (all_orders + 4) // 5 then days end) as integer) as early_days,
    -- Days after which half of them was settled; null when it was not.
    cast(min(case when last_place >= (all_orders + 1) // 2 then days end) as integer) as middle_days,
    -- Days after which four fifths of them were settled; null when they were not.
    cast(min(case when last_place >= (4 * all_orders + 4) // 5 then days end) as integer) as late_days
from placed
group by _company, seller_id, currency, origin, is_own, customer_id
