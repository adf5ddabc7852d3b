-- One row per company: what LeafLink leaves undocumented, decided by the company's own orders.
-- Whether an order's total already nets its credits: the equation that more orders with credits satisfy against
-- payment_balance. Whether a price is of a selling unit or of a base unit: the reading that more orders with a line of
-- more than one base unit satisfy against their total, to the cent, each with its own discount. Whether a percentage
-- discount is written 5 or 0.05: the reading that more orders with such a discount satisfy. No order, or as many for both:
-- not netted, of a selling unit, and 5 means 5 %.
-- needs: orders_received, line_items, products
with
    orders as (select * from staging.orders_received),
    lines as (select * from intermediate.line_readings),
    payments as (select * from staging.order_payments),
    companies as (select distinct _company from orders),
    paid as (select _company, order_number, sum(amount) as amount from payments group by _company, order_number),
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
            count(case when not_netted_gap = 0 then 1 end) as not_netted
        from credit_gaps
        group by _company
    ),
    read_both_ways as (
        select *, not is_sample and currency is not distinct from order_currency as is_discountable
        from lines
    ),
    sums as (
        select
            _company,
            order_number,
            max(unit_multiplier) as largest_multiplier,
            count(*) - count(selling_unit_amount) as unpriced_lines,
            count(case when not is_sample then 1 end) as sale_lines,
            coalesce(sum(selling_unit_amount), 0) as selling_amount,
            coalesce(sum(case when is_discountable then selling_unit_amount end), 0) as selling_sales,
            coalesce(sum(base_unit_amount), 0) as base_amount,
            coalesce(sum(case when is_discountable then base_unit_amount end), 0) as base_sales
        from read_both_ways
        group by _company, order_number
    ),
    stated as (  -- what the total says that lines less discount are
        select
            sums.*,
            orders.discount_type,
            case when abs(orders.discount) < 1000 then cast(orders.discount as decimal(10, 7)) end as rate,
            coalesce(orders.discount, 0) as discount,
            round(orders.total_amount, 2) - round(orders.tax_amount, 2) - round(orders.shipping_amount, 2)
            + case when coalesce(credits.netted > credits.not_netted, false) then round(orders.credits, 2) else 0 end
                as net_amount
        from sums
        join orders on orders._company = sums._company and orders.order_number = sums.order_number
        left join credits on credits._company = sums._company
    ),
    gaps as (
        select
            *,
            round(selling_amount, 2) - net_amount as selling_gap,
            round(base_amount, 2) - net_amount as base_gap,
            round(coalesce(cast(greatest(selling_sales, 0) as decimal(26, 6)) * rate, 0) * 0.01, 2) as selling_percent,
            round(coalesce(cast(greatest(selling_sales, 0) as decimal(26, 6)) * rate, 0), 2) as selling_fraction,
            round(coalesce(cast(greatest(base_sales, 0) as decimal(26, 6)) * rate, 0) * 0.01, 2) as base_percent,
            round(coalesce(cast(greatest(base_sales, 0) as decimal(26, 6)) * rate, 0), 2) as base_fraction,
            round(
                case
                    when selling_sales <= 0 then 0
                    when discount < selling_sales then discount
                    else cast(selling_sales as decimal(38, 9))
                end,
                2
            ) as selling_discount,
            round(
                case
                    when base_sales <= 0 then 0
                    when discount < base_sales then discount
                    else cast(base_sales as decimal(38, 9))
                end,
                2
            ) as base_discount
        from stated
    ),
    percent as (  -- by either reading of the prices
        select
            _company,
            count(*) as tested,
            count(case when sale_lines > 0 and abs(selling_gap - selling_percent) <= 0.01 then 1 end)
                as selling_percents,
            count(case when sale_lines > 0 and abs(selling_gap - selling_fraction) <= 0.01 then 1 end)
                as selling_fractions,
            count(case when sale_lines > 0 and abs(base_gap - base_percent) <= 0.01 then 1 end) as base_percents,
            count(case when sale_lines > 0 and abs(base_gap - base_fraction) <= 0.01 then 1 end) as base_fractions
        from gaps
        where discount_type = '%' and discount <> 0 and rate is not null and net_amount is not null
        group by _company
    ),
    discounted as (
        select
            gaps.*,
            case
                when discount_type = '%' and coalesce(percent.selling_fractions > percent.selling_percents, false)
                    then selling_fraction
                when discount_type = '%' then selling_percent
                when discount_type = '$' then selling_discount
                else 0
            end as selling_taken,
            case
                when discount_type = '%' and coalesce(percent.base_fractions > percent.base_percents, false)
                    then base_fraction
                when discount_type = '%' then base_percent
                when discount_type = '$' then base_discount
                else 0
            end as base_taken
        from gaps
        left join percent on percent._company = gaps._company
        where gaps.largest_multiplier > 1 and gaps.unpriced_lines = 0 and gaps.net_amount is not null
    ),
    prices as (
        select
            _company,
            count(*) as tested,
            count(case when abs(selling_gap - selling_taken) <= 0.01 then 1 end) as selling_units,
            count(case when abs(base_gap - base_taken) <= 0.01 then 1 end) as base_units
        from discounted
        group by _company
    ),
    decided as (
        select
            percent._company,
            percent.tested,
            case when prices.base_units > prices.selling_units then base_percents else selling_percents end as percents,
            case when prices.base_units > prices.selling_units then base_fractions else selling_fractions end as fractions
        from percent
        left join prices on prices._company = percent._company
    )
select
    companies._company,
    -- Whether totals already net their credits.
    coalesce(credits.netted > credits.not_netted, false) as is_credits_netted,
    -- Whether 5 % is written 0.05 and not 5.
    coalesce(decided.fractions > decided.percents, false) as is_percent_a_fraction,
    -- Whether prices are of a base unit and not of a selling unit.
    coalesce(prices.base_units > prices.selling_units, false) as is_price_of_base_unit,
    coalesce(credits.tested, 0) as orders_with_credits,  -- Orders that were looked at for is_credits_netted.
    coalesce(credits.netted, 0) as netted,  -- Orders of these whose balance says that the total nets its credits.
    coalesce(credits.not_netted, 0) as not_netted,  -- Orders of these whose balance says that it does not.
    coalesce(decided.tested, 0) as orders_with_percent,  -- Orders that were looked at for is_percent_a_fraction.
    coalesce(decided.percents, 0) as percents,  -- Orders of these whose total says that 5 means 5 %.
    coalesce(decided.fractions, 0) as fractions,  -- Orders of these whose total says that 0.05 does.
    coalesce(prices.tested, 0) as orders_with_multiplier,  -- Orders that were looked at for is_price_of_base_unit.
    -- Orders of these whose total says that prices are of a selling unit.
    coalesce(prices.selling_units, 0) as selling_units,
    coalesce(prices.base_units, 0) as base_units  -- Orders of these whose total says that prices are of a base unit.
from companies
left join credits on credits._company = companies._company
left join decided on decided._company = companies._company
left join prices on prices._company = companies._company
