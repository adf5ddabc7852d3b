-- One row per company: what LeafLink leaves undocumented, decided by the company's own orders.
-- Whether an order's total already nets its credits: the equation that more orders with credits satisfy against
-- payment_balance. Whether a percentage discount is written 5 or 0.05: the reading that more orders with such a
-- discount satisfy against their total, to the cent. No order, or as many for both: not netted, and 5 means 5 %.
with
    orders as (select * from staging.orders_received),
    lines as (select * from intermediate.line_amounts),
    payments as (select * from staging.order_payments),
    paid as (select _company, order_number, sum(amount) as amount from payments group by _company, order_number),
    sums as (
        select
            _company,
            order_number,
            sum(line_amount) as lines_amount,
            sum(case when not is_sample then line_amount end) as sales_amount
        from lines
        group by _company, order_number
    ),
    credit_gaps as (
        select
            orders._company,
            round(orders.total_amount - coalesce(paid.amount, 0) - orders.payment_balance, 2) as netted_gap,
            round(orders.total_amount - orders.credits - coalesce(paid.amount, 0) - orders.payment_balance, 2)
                as not_netted_gap
        from orders
        left join paid on paid._company = orders._company and paid.order_number = orders.order_number
        where orders.credits <> 0 and orders.total_amount is not null and orders.payment_balance is not null
    ),
    credits as (
        select
            _company,
            count(*) as tested,
            count(case when netted_gap = 0 then 1 end) as netted,
            count(case when not_netted_gap = 0 then 1 end) as not_netted,
            sum(abs(netted_gap)) as netted_gap,
            sum(abs(not_netted_gap)) as not_netted_gap
        from credit_gaps
        group by _company
    ),
    percent_orders as (
        select
            orders._company,
            sums.lines_amount + orders.tax_amount + orders.shipping_amount
            - case when coalesce(credits.netted > credits.not_netted, false) then orders.credits else 0 end
            - orders.total_amount as total_discount,
            cast(sums.sales_amount as decimal(28, 6)) * cast(orders.discount as decimal(10, 7)) as product
        from orders
        join sums on sums._company = orders._company and sums.order_number = orders.order_number
        left join credits on credits._company = orders._company
        where orders.discount_type = '%' and orders.discount <> 0 and abs(orders.discount) < 1000
    ),
    percent as (
        select
            _company,
            count(*) as tested,
            count(case when abs(total_discount - product * 0.01) <= 0.01 then 1 end) as percents,
            count(case when abs(total_discount - product) <= 0.01 then 1 end) as fractions
        from percent_orders
        group by _company
    ),
    companies as (select distinct _company from orders)
select
    companies._company,
    coalesce(credits.netted > credits.not_netted, false) as is_credits_netted,
    coalesce(percent.fractions > percent.percents, false) as is_percent_a_fraction,
    coalesce(credits.tested, 0) as orders_with_credits,
    coalesce(credits.netted, 0) as orders_with_credits_netted,
    coalesce(credits.not_netted, 0) as orders_with_credits_not_netted,
    coalesce(credits.netted_gap, 0) as credits_netted_gap,
    coalesce(credits.not_netted_gap, 0) as credits_not_netted_gap,
    coalesce(percent.tested, 0) as orders_with_percent,
    coalesce(percent.percents, 0) as orders_with_percents,
    coalesce(percent.fractions, 0) as orders_with_fractions
from companies
left join credits on credits._company = companies._company
left join percent on percent._company = companies._company
