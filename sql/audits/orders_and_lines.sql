-- severity: error
-- An order's gross sales and discount are those of its lines in its currency.
with
    lines as (
        select
            lines._company,
            lines.order_number,
            round(sum(case when lines.currency is not distinct from orders.currency then lines.line_amount end), 2)
                as gross_sales,
            sum(lines.discount) as discount
        from intermediate.order_line_facts as lines
        left join marts.fct_orders as orders
            on orders._company = lines._company and orders.order_number = lines.order_number
        where not lines.is_sample
        group by lines._company, lines.order_number
    ),
    orders as (select _company, order_number, gross_sales, discount from marts.fct_orders)
select
    coalesce(orders._company, lines._company) as _company,
    coalesce(orders.order_number, lines.order_number) as order_number,
    orders.gross_sales,
    lines.gross_sales as lines_gross_sales,
    orders.discount,
    lines.discount as lines_discount
from orders
full join lines on lines._company = orders._company and lines.order_number = orders.order_number
where (orders.order_number is null and lines.order_number is not null)
    or coalesce(orders.gross_sales, 0) <> coalesce(lines.gross_sales, 0)
    or coalesce(orders.discount, 0) <> coalesce(lines.discount, 0)
