-- severity: error
-- What is open is the same to the cent, per seller and currency, in every table that shows it: by order, customer, rep
-- and seller, in the shares of the reps, in the close of the day, and as billed less what was paid.
with
    orders as (
        select
            _company,
            seller_id,
            currency,
            sum(open_balance) as open_net,
            sum(billed - implied_paid) as owed
        from marts.fct_orders
        where is_billed
        group by _company, seller_id, currency
    ),
    payments as (
        select orders._company, orders.seller_id, orders.currency, sum(payments.amount) as paid
        from marts.fct_payments as payments
        join marts.fct_orders as orders
            on orders._company = payments._company and orders.order_number = payments.order_number
        where payments.is_counted
        group by orders._company, orders.seller_id, orders.currency
    ),
    found as (
        select 'ar_aging' as source, _company, seller_id, currency, sum(open_balance) as open_net
        from marts.ar_aging
        group by _company, seller_id, currency
        union all
        select 'ar_aging_by_customer' as source, _company, seller_id, currency, sum(open_net) as open_net
        from marts.ar_aging_by_customer
        group by _company, seller_id, currency
        union all
        select 'ar_summary' as source, _company, seller_id, currency, open_net
        from marts.ar_summary
        union all
        select 'ar_by_rep' as source, _company, seller_id, currency, sum(open_net) as open_net
        from marts.ar_by_rep
        group by _company, seller_id, currency
        union all
        select 'orders_assigned' as source, _company, seller_id, currency, sum(open_share) as open_net
        from marts.orders_assigned
        where is_billed
        group by _company, seller_id, currency
        union all
        select
            'billed less paid' as source,
            orders._company,
            orders.seller_id,
            orders.currency,
            orders.owed - coalesce(payments.paid, 0) as open_net
        from orders
        left join payments
            on payments._company = orders._company
            and payments.seller_id is not distinct from orders.seller_id
            and payments.currency is not distinct from orders.currency
        union all
        select 'ar_daily' as source, _company, seller_id, currency, open_net
        from marts.ar_daily
        where day = getvariable('as_of')
    ),
    sources as (
        select 'ar_aging' as source
        union all
        select 'ar_aging_by_customer' as source
        union all
        select 'ar_summary' as source
        union all
        select 'ar_by_rep' as source
        union all
        select 'orders_assigned' as source
        union all
        select 'billed less paid' as source
    ),
    expected as (
        select sources.source, orders._company, orders.seller_id, orders.currency, orders.open_net
        from orders
        cross join sources
        where orders.open_net <> 0
        union all
        select 'ar_daily' as source, orders._company, orders.seller_id, orders.currency, orders.open_net
        from orders
        where orders.open_net <> 0 and getvariable('as_of') = getvariable('last_day')
    )
select
    coalesce(expected._company, found._company) as _company,
    coalesce(expected.source, found.source) as source,
    coalesce(expected.seller_id, found.seller_id) as seller_id,
    coalesce(expected.currency, found.currency) as currency,
    expected.open_net as orders_amount,
    found.open_net as source_amount
from expected
full join found
    on found._company = expected._company
    and found.source = expected.source
    and found.seller_id is not distinct from expected.seller_id
    and found.currency is not distinct from expected.currency
where coalesce(expected.open_net, 0) <> coalesce(found.open_net, 0)
    and not (found.source = 'ar_daily' and expected.source is null and getvariable('as_of') <> getvariable('last_day'))
