-- One row per seller, currency, cohort and month: known customers by the month of their first order with is_sale in the
-- currency, in every month from that one to the month of as_of.
-- key: _company, seller_id, currency, cohort_month, month_number
-- needs: orders_received, line_items, products, customers, order_payments
with
    orders as (
        select *, cast(date_trunc('month', order_date) as date) as month
        from marts.fct_orders
        where is_sale
    ),
    days as (select * from marts.dim_date where date <= as_of),
    sellers as (
        select _company, seller_id, min(order_date) as first_sale_date
        from orders
        group by _company, seller_id
    ),
    door_months as (
        select
            _company,
            seller_id,
            currency,
            customer_id,
            month,
            count(*) as orders,
            sum(net_sales) as net_sales,
            min(order_date) as first_order_date,
            max(order_date) as last_order_date
        from orders
        where customer_id is not null
        group by _company, seller_id, currency, customer_id, month
    ),
    placed as (  -- a door has its second order day in its first month with a later day than its first one
        select
            *,
            min(month) over (partition by _company, seller_id, currency, customer_id) as cohort_month,
            min(first_order_date) over (partition by _company, seller_id, currency, customer_id) as first_date
        from door_months
    ),
    counted as (
        select
            *,
            min(case when last_order_date > first_date then month end) over (
                partition by _company, seller_id, currency, customer_id
            ) as repeat_month
        from placed
    ),
    activity as (
        select
            _company,
            seller_id,
            currency,
            cohort_month,
            month,
            count(*) as active_doors,
            count(case when month = repeat_month then 1 end) as new_repeat_doors,
            sum(orders) as orders,
            sum(net_sales) as net_sales
        from counted
        group by _company, seller_id, currency, cohort_month, month
    ),
    cohorts as (  -- every door of a cohort is active in its first month
        select _company, seller_id, currency, cohort_month, active_doors as cohort_doors
        from activity
        where month = cohort_month
    ),
    calendar as (  -- an order dated before the first day of dim_date has its month all the same
        select month from days
        union
        select month from orders
    ),
    months as (
        select
            cohorts.*,
            calendar.month,
            coalesce(activity.active_doors, 0) as active_doors,
            coalesce(activity.new_repeat_doors, 0) as new_repeat_doors,
            coalesce(activity.orders, 0) as orders,
            coalesce(activity.net_sales, 0) as net_sales
        from cohorts
        join calendar on calendar.month >= cohorts.cohort_month
        left join activity
            on activity._company = cohorts._company
            and activity.seller_id is not distinct from cohorts.seller_id
            and activity.currency is not distinct from cohorts.currency
            and activity.cohort_month = cohorts.cohort_month
            and activity.month = calendar.month
    ),
    cumulated as (
        select
            months.*,
            sum(months.new_repeat_doors) over (
                partition by months._company, months.seller_id, months.currency, months.cohort_month
                order by months.month
                rows between unbounded preceding and current row
            ) as repeat_doors,
            sum(months.net_sales) over (
                partition by months._company, months.seller_id, months.currency, months.cohort_month
                order by months.month
                rows between unbounded preceding and current row
            ) as net_sales_to_date,
            date_diff('day', sellers.first_sale_date, months.cohort_month) < 90 as is_uncertain
        from months
        join sellers
            on sellers._company = months._company and sellers.seller_id is not distinct from months.seller_id
    )
select
    cast(_company as varchar) as _company,  -- Company of the configuration that the orders belong to.
    cast(seller_id as bigint) as seller_id,  -- Selling company.
    cast(currency as varchar) as currency,  -- Currency of every amount in the row.
    cast(month as date) as month,  -- First day of the month looked at.
    cast(last_day(month) <= getvariable('as_of') as boolean) as is_complete_month,  -- Whether it ends by as_of.
    -- First day of the month of the customers' first order with is_sale in the currency.
    cast(cohort_month as date) as cohort_month,
    cast(date_diff('month', cohort_month, month) as integer) as month_number,  -- Months from cohort_month to month.
    cast(cohort_doors as bigint) as cohort_doors,  -- Customers of the cohort.
    cast(active_doors as bigint) as active_doors,  -- Of these, those with an order in the month.
    cast(repeat_doors as bigint) as repeat_doors,  -- Of these, those with two order days by the end of the month.
    cast(orders as bigint) as orders,  -- Their orders with is_sale in the month.
    cast(net_sales as decimal(38, 2)) as net_sales,  -- Net sales of these orders.
    cast(net_sales_to_date as decimal(38, 2)) as net_sales_to_date,  -- The same from cohort_month to this month.
    -- active_doors / cohort_doors.
    cast(
        cast((cast(20000 as hugeint) * active_doors + cohort_doors) // nullif(2 * cohort_doors, 0) as decimal(38, 0))
        * 0.0001 as decimal(38, 4)
    ) as retention,
    -- repeat_doors / cohort_doors.
    cast(
        cast((cast(20000 as hugeint) * repeat_doors + cohort_doors) // nullif(2 * cohort_doors, 0) as decimal(38, 0))
        * 0.0001 as decimal(38, 4)
    ) as repeat_rate,
    -- Whether cohort_month begins less than 90 days after the seller's first sale: older customers may look new.
    cast(is_uncertain as boolean) as is_uncertain,
    cast(getvariable('as_of') as date) as as_of  -- The date that the row is computed for.
from cumulated
