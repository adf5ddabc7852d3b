-- severity: error
-- The booked sales of staging are those of brand_performance, per month and currency. Each mart row is rounded to
-- the cent once, so that half a cent a row is allowed.
with
    expected as (
        select
            lines._company,
            cast(date_trunc('month', orders.created_date) as date) as month,
            lines.currency,
            sum(lines.line_amount) as gross_sales
        from intermediate.line_amounts as lines
        join staging.orders_received as orders
            on orders._company = lines._company and orders.order_number = lines.order_number
        where orders.is_booked and not lines.is_sample and orders.created_date <= getvariable('as_of')
        group by lines._company, cast(date_trunc('month', orders.created_date) as date), lines.currency
    ),
    found as (
        select _company, month, currency, sum(gross_sales) as gross_sales, count(*) as row_count
        from marts.brand_performance
        group by _company, month, currency
    )
select
    coalesce(expected._company, found._company) as _company,
    coalesce(expected.month, found.month) as month,
    coalesce(expected.currency, found.currency) as currency,
    expected.gross_sales as expected_sales,
    found.gross_sales as found_sales
from expected
full join found
    on found._company = expected._company
    and found.month = expected.month
    and found.currency is not distinct from expected.currency
where abs(coalesce(expected.gross_sales, 0) - coalesce(found.gross_sales, 0)) > coalesce(found.row_count, 0) * 0.005
