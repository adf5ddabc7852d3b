-- One row per live order that has lines: what they add up to in the order's currency, samples apart. Units and cases are
-- summed as a line shows them, with four decimals. `has_sale_line` looks at lines in any currency.
-- kind: view
with
    lines as (
        select *, currency is not distinct from order_currency as is_own, round(quantity, 4) as units
        from intermediate.line_amounts
    )
select
    _company,
    order_number,
    max(case when not is_sample then 1 else 0 end) = 1
        as has_sale_line,  -- Whether it has a line that is no sample, in any currency.
    -- Lines in the order's currency that are no samples.
    count(case when is_own and not is_sample then 1 end) as line_count,
    count(case when is_own and is_sample then 1 end) as sample_count,  -- Samples in the order's currency.
    sum(case when is_own and not is_sample then units end) as units,  -- Base units of the lines.
    sum(case when is_own and not is_sample then round(cases, 4) end) as cases,  -- Selling units of the lines.
    -- Sum of the lines at list prices, unrounded.
    sum(case when is_own and not is_sample then list_amount end) as list_amount,
    sum(case when is_own and not is_sample then line_amount end) as sales_amount,  -- Sum of the lines, unrounded.
    -- Sum of the lines on sale, unrounded.
    sum(case when is_own and not is_sample and is_on_sale then line_amount end) as on_sale_amount,
    sum(case when is_own and is_sample then line_amount end) as sample_amount,  -- Sum of the samples, unrounded.
    -- Sum of lines and samples in the order's currency, unrounded.
    sum(case when is_own then line_amount end) as lines_amount
from lines
group by _company, order_number
