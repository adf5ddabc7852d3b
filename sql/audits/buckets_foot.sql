-- severity: error
-- Every bucket of a customer is the sum of its orders in that bucket, and open_net is the sum of the buckets.
with
    orders as (
        select _company, seller_id, customer_id, currency, bucket, sum(open_balance) as amount
        from marts.ar_aging
        group by _company, seller_id, customer_id, currency, bucket
        union all
        select _company, seller_id, customer_id, currency, 'open_net' as bucket, sum(open_balance) as amount
        from marts.ar_aging
        group by _company, seller_id, customer_id, currency
    ),
    customers as (
        select _company, seller_id, customer_id, currency, 'current' as bucket, "current" as amount
        from marts.ar_aging_by_customer
        union all
        select _company, seller_id, customer_id, currency, '1_30' as bucket, days_1_30 as amount
        from marts.ar_aging_by_customer
        union all
        select _company, seller_id, customer_id, currency, '31_60' as bucket, days_31_60 as amount
        from marts.ar_aging_by_customer
        union all
        select _company, seller_id, customer_id, currency, '61_90' as bucket, days_61_90 as amount
        from marts.ar_aging_by_customer
        union all
        select _company, seller_id, customer_id, currency, '91_120' as bucket, days_91_120 as amount
        from marts.ar_aging_by_customer
        union all
        select _company, seller_id, customer_id, currency, 'over_120' as bucket, days_over_120 as amount
        from marts.ar_aging_by_customer
        union all
        select _company, seller_id, customer_id, currency, 'no_due_date' as bucket, no_due_date as amount
        from marts.ar_aging_by_customer
        union all
        select _company, seller_id, customer_id, currency, 'unapplied_credit' as bucket, unapplied_credit as amount
        from marts.ar_aging_by_customer
        union all
        select _company, seller_id, customer_id, currency, 'open_net' as bucket, open_net as amount
        from marts.ar_aging_by_customer
    )
select
    coalesce(orders._company, customers._company) as _company,
    coalesce(orders.seller_id, customers.seller_id) as seller_id,
    coalesce(orders.customer_id, customers.customer_id) as customer_id,
    coalesce(orders.currency, customers.currency) as currency,
    coalesce(orders.bucket, customers.bucket) as bucket,
    orders.amount as orders_amount,
    customers.amount as customers_amount
from orders
full join customers
    on customers._company = orders._company
    and customers.seller_id is not distinct from orders.seller_id
    and customers.customer_id is not distinct from orders.customer_id
    and customers.currency is not distinct from orders.currency
    and customers.bucket = orders.bucket
where coalesce(orders.amount, 0) <> coalesce(customers.amount, 0)
