-- severity: warn
-- Nothing was created or paid after what the load knows, nothing ships more than a year later, and no order was
-- changed, or due, before it was created. Two days are allowed for, since dates are stated without their hour.
with
    known as (select cast(getvariable('known_at') at time zone getvariable('timezone') as date) + 2 as last_day),
    orders as (select * from marts.fct_orders),
    findings as (
        select
            orders._company,
            'order' as kind,
            orders.order_number as key,
            orders.order_date as day,
            'created later' as reason
        from orders
        cross join known
        where orders.order_date > known.last_day
        union all
        select
            orders._company,
            'order' as kind,
            orders.order_number as key,
            orders.ship_date as day,
            'ships in the future' as reason
        from orders
        cross join known
        where orders.ship_date > known.last_day and orders.is_receivable
        union all
        select
            orders._company,
            'order' as kind,
            orders.order_number as key,
            orders.ship_date as day,
            'ships in over a year' as reason
        from orders
        cross join known
        where orders.ship_date > known.last_day + 365 and not orders.is_receivable
        union all
        select
            _company,
            'order' as kind,
            order_number as key,
            ship_date as day,
            'shipped before it was created' as reason
        from orders
        where ship_date < order_date - 2
        union all
        select
            _company,
            'order' as kind,
            order_number as key,
            due_date as day,
            'due before it was created' as reason
        from orders
        where due_date < order_date - 2
        union all
        select
            _company,
            'order' as kind,
            order_number as key,
            order_date as day,
            'changed before it was created' as reason
        from orders
        where modified_at < created_at - interval 2 day
        union all
        select
            _company,
            'payment' as kind,
            cast(payment_id as varchar) as key,
            recorded_date as day,
            'recorded later' as reason
        from marts.fct_payments
        cross join known
        where recorded_date > known.last_day
    )
select * from findings
