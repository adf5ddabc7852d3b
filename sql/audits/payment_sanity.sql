-- severity: warn
-- A payment has an amount, is dated, and not in the future; an order does not get the same one twice, nor back more
-- than it paid.
with
    payments as (select * from staging.order_payments),
    findings as (
        select _company, order_number, payment_id, amount, payment_date, 'no amount' as reason
        from payments
        where coalesce(amount, 0) = 0
        union all
        select _company, order_number, payment_id, amount, payment_date, 'no date' as reason
        from payments
        where payment_date is null
        union all
        select
            payments._company,
            payments.order_number,
            payments.payment_id,
            payments.amount,
            payments.payment_date,
            'in the future' as reason
        from payments
        left join meta.companies as companies on companies._company = payments._company
        where payments.payment_date > cast(
            getvariable('known_at') at time zone coalesce(companies.timezone, getvariable('timezone')) as date
        )
        union all
        select _company, order_number, min(payment_id) as payment_id, amount, payment_date, 'twice' as reason
        from payments
        where amount > 0
        group by _company, order_number, amount, currency, payment_date, payment_type
        having count(*) > 1
        union all
        select
            _company,
            order_number,
            cast(null as bigint) as payment_id,
            sum(amount) as returned,
            max(payment_date) as payment_date,
            'more back than paid' as reason
        from payments
        group by _company, order_number, currency
        having sum(amount) < 0
    )
select * from findings
