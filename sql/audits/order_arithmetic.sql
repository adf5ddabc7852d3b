-- severity: warn
-- An order's total is its lines - discount + tax + shipping (- credits where the company's totals net them), within a
-- cent. Orders that have neither lines nor a total are left out.
with
    lines as (
        select _company, order_number, sum(line_amount) as lines_amount
        from intermediate.line_amounts
        group by _company, order_number
    ),
    computed as (
        select
            orders._company,
            orders.order_number,
            orders.status,
            lines.lines_amount,
            discounts.discount_amount,
            orders.tax_amount,
            orders.shipping_amount,
            orders.total_amount,
            round(
                coalesce(lines.lines_amount, 0) - coalesce(discounts.discount_amount, 0)
                + orders.tax_amount + orders.shipping_amount
                - case when decisions.is_credits_netted then orders.credits else 0 end,
                2
            ) as computed_total
        from staging.orders_received as orders
        left join lines on lines._company = orders._company and lines.order_number = orders.order_number
        left join intermediate.order_discounts as discounts
            on discounts._company = orders._company and discounts.order_number = orders.order_number
        left join intermediate.company_decisions as decisions on decisions._company = orders._company
    )
select *, computed_total - total_amount as gap
from computed
where (lines_amount is not null or total_amount is not null)
    and (total_amount is null or abs(computed_total - total_amount) > 0.01)
