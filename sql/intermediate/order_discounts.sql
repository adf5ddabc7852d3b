-- One row per live order with what its lines add up to, and its discount in whole cents.
-- A percentage is of the order's non-sample lines, and none from 1,000 on; an amount is at most their sum. Lines in
-- another currency than the order's have no part in it, and without lines that add up to more than zero there is nothing
-- to discount.
with
    orders as (select * from staging.orders_received),
    sums as (select * from intermediate.order_sums),
    decisions as (select * from intermediate.company_decisions),
    scaled as (
        select
            orders._company,
            orders.order_number,
            orders.currency,
            orders.discount_type,
            orders.discount,
            sums.has_sale_line,
            sums.line_count,
            sums.sample_count,
            sums.units,
            sums.cases,
            sums.list_amount,
            sums.sales_amount,
            sums.on_sale_amount,
            sums.sample_amount,
            sums.lines_amount,
            coalesce(sums.sales_amount, 0) as discountable_amount,
            cast(cast(sums.sales_amount as decimal(38, 6)) * 1000000 as hugeint) as amount_millionths,
            cast(
                cast(case when abs(orders.discount) < 1000 then orders.discount end as decimal(38, 9)) * 1000000000
                as hugeint
            ) as rate_billionths,
            cast(case when decisions.is_percent_a_fraction then 10000000000000 else 1000000000000000 end as hugeint)
                as billionths_a_cent
        from orders
        left join sums on sums._company = orders._company and sums.order_number = orders.order_number
        join decisions on decisions._company = orders._company
    ),
    measured as (
        select
            *,
            cast(
                cast(
                    (
                        2 * amount_millionths * rate_billionths
                        + case when rate_billionths < 0 then -billionths_a_cent else billionths_a_cent end
                    ) // (2 * billionths_a_cent)
                    as decimal(38, 0)
                ) * 0.01 as decimal(38, 2)
            ) as percent_amount
        from scaled
    )
select
    _company,
    order_number,
    currency,
    coalesce(has_sale_line, false) as has_sale_line,  -- Whether it has a line that is no sample, in any currency.
    coalesce(line_count, 0) as line_count,  -- Lines in the order's currency that are no samples.
    coalesce(sample_count, 0) as sample_count,  -- Samples in the order's currency.
    coalesce(units, 0) as units,  -- Base units of the lines.
    coalesce(cases, 0) as cases,  -- Selling units of the lines.
    -- Sum of the lines at list prices, in cents.
    cast(round(coalesce(list_amount, 0), 2) as decimal(38, 2)) as list_sales,
    -- Sum of the lines before the discount, in cents.
    cast(round(coalesce(sales_amount, 0), 2) as decimal(38, 2)) as gross_sales,
    -- Sum of the lines on sale, in cents.
    cast(round(coalesce(on_sale_amount, 0), 2) as decimal(38, 2)) as on_sale_sales,
    cast(round(coalesce(sample_amount, 0), 2) as decimal(38, 2)) as sample_amount,  -- Sum of the samples, in cents.
    cast(round(coalesce(lines_amount, 0), 2) as decimal(38, 2)) as lines_amount,  -- Sum of lines and samples, in cents.
    discountable_amount,  -- What the discount is of: the sum of the lines, unrounded.
    -- Discount of the order, in cents.
    cast(
        coalesce(
            case
                when discount is null or discountable_amount <= 0 then 0  -- least() passes over nulls
                when discount_type = '%' then percent_amount
                when discount_type = '$' then round(least(discount, cast(discountable_amount as decimal(38, 9))), 2)
            end,
            0
        ) as decimal(38, 2)
    ) as discount_amount
from measured
