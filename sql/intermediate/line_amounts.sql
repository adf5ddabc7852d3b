-- One row per live line of a live order, priced: the only place where a line is priced.
-- Quantity is in base units but prices are per selling unit, so that a line is price x quantity / unit multiplier,
-- to six decimals, half away from zero. It is computed in whole billionths, since dividing decimals gives doubles. A
-- price or a quantity of a hundred million or more is no price and no quantity, and a trillion or more is no amount of a
-- line: such lines stay without an amount.
with
    lines as (select * from staging.line_items),
    orders as (select * from staging.orders_received),
    bounded as (
        select
            lines.*,
            coalesce(lines.sale_price_amount > 0, false) as is_on_sale,  -- 0 means that there is no sale
            cast(case when abs(lines.sale_price_amount) < 100000000 then lines.sale_price_amount end as decimal(38, 9))
                as sale_price,
            cast(
                case when abs(lines.ordered_unit_price_amount) < 100000000 then lines.ordered_unit_price_amount end
                as decimal(38, 9)
            ) as ordered_price,
            cast(case when abs(lines.quantity) < 100000000 then lines.quantity end as decimal(38, 9)) as bounded_quantity,
            cast(case when lines.unit_multiplier > 0 then lines.unit_multiplier else 1 end as hugeint) as multiplier,
            orders.currency as order_currency
        from lines
        join orders on orders._company = lines._company and orders.order_number = lines.order_number
    ),
    scaled as (
        select
            *,
            cast(case when is_on_sale then sale_price else ordered_price end * 1000000000 as hugeint) as price_billionths,
            cast(bounded_quantity * 1000000000 as hugeint) as quantity_billionths
        from bounded
    ),
    divided as (
        select
            *,
            (
                2 * price_billionths * quantity_billionths
                + sign(price_billionths) * sign(quantity_billionths) * 1000000000000 * multiplier
            ) // (2000000000000 * multiplier) as unbounded_millionths,
            (2 * quantity_billionths + sign(quantity_billionths) * 1000 * multiplier) // (2000 * multiplier)
                as cases_millionths
        from scaled
    ),
    amounts as (
        select
            *,
            case when abs(unbounded_millionths) < 1000000000000000000 then unbounded_millionths end as amount_millionths
        from divided
    )
select
    _company,
    line_id,
    order_number,
    product_id,
    coalesce(case when is_on_sale then sale_price_currency else ordered_unit_price_currency end, order_currency)
        as currency,
    order_currency,
    bounded_quantity as quantity,
    cast(cast(cases_millionths as decimal(38, 0)) * 0.000001 as decimal(28, 6)) as cases,
    cast(cast(amount_millionths as decimal(38, 0)) * 0.000001 as decimal(28, 6)) as line_amount,
    is_sample,
    is_on_sale
from amounts
