-- One row per seller, rep, month and currency of the orders with is_sale, each shared over its reps in whole cents; the
-- orders without a rep are a group of their own.
-- key: _company, seller_id, rep_id, month, currency
-- needs: orders_received, line_items, products, customers, order_payments
with
    assigned as (
        select *, cast(date_trunc('month', order_date) as date) as month
        from marts.orders_assigned
        where is_sale
    ),
    placed as (
        select
            _company,
            order_number,
            row_number() over (partition by _company, seller_id, customer_id order by created_at, order_number) as place
        from marts.fct_orders
        where is_sale and customer_id is not null
    ),
    firsts as (select _company, order_number from placed where place = 1),
    totals as (
        select
            assigned._company,
            assigned.seller_id,
            assigned.rep_id,
            assigned.month,
            assigned.currency,
            max(assigned.rep_name) as rep_name,
            sum(assigned.net_share) as net_sales,
            count(*) as orders,
            count(case when assigned.rep_count > 1 then 1 end) as shared_orders,
            count(distinct assigned.customer_id) as doors,
            count(firsts.order_number) as new_doors
        from assigned
        left join firsts on firsts._company = assigned._company and firsts.order_number = assigned.order_number
        group by assigned._company, assigned.seller_id, assigned.rep_id, assigned.month, assigned.currency
    )
select
    cast(_company as varchar) as _company,  -- Company of the configuration that the orders belong to.
    cast(seller_id as bigint) as seller_id,  -- Selling company.
    cast(rep_id as bigint) as rep_id,  -- Member of staff on the orders; null for orders without one.
    cast(rep_name as varchar) as rep_name,  -- Name in the list of staff, else on the orders; personal data.
    cast(month as date) as month,  -- First day of the local month in which the orders were created.
    cast(currency as varchar) as currency,  -- Currency of every amount in the row.
    cast(last_day(month) <= getvariable('as_of') as boolean) as is_complete_month,  -- Whether it ends by as_of.
    cast(net_sales as decimal(38, 2)) as net_sales,  -- The rep's shares of the net sales of these orders.
    cast(orders as bigint) as orders,  -- Orders with is_sale that the rep is on.
    cast(shared_orders as bigint) as shared_orders,  -- Of these, those with more than one rep.
    cast(doors as bigint) as doors,  -- Known customers of these orders.
    -- Those whose first order with is_sale at the seller (by created_at, order_number; any currency) is one of these.
    cast(new_doors as bigint) as new_doors,
    -- Place by net_sales among the seller's reps of the month in the currency; equals share a place; null for no rep.
    cast(
        case
            when rep_id is not null
                then rank() over (
                    partition by _company, seller_id, month, currency, rep_id is null order by net_sales desc
                )
        end as bigint
    ) as rank,
    cast(getvariable('as_of') as date) as as_of  -- The date that the row is computed for.
from totals
