-- One row per live line of a live order with its price and its amount, as if prices were of a selling unit (a case).
-- Quantity is in base units, so that a line is price x quantity / unit multiplier: to six decimals, half away from zero,
-- computed in whole billionths, since dividing decimals gives doubles. A price or a quantity of a hundred million or more
-- is no price and no quantity, and a trillion or more is no amount of a line: such lines stay without an amount. Prices and
-- quantities are decimals of 18 digits: to round those of 38 takes six times as long.
with
    lines as (select * from staging.line_items),
    orders as (select * from staging.orders_received),
    products as (select * from staging.products),
    bounded as (
        select
            lines._company,
            lines.line_id,
            lines.order_number,
            lines.product_id,
            lines.is_sample,
            orders.currency as order_currency,
            coalesce(lines.sale_price_amount > 0, false) as is_on_sale,  -- 0 means that there is no sale
            coalesce(
                case
                    when lines.sale_price_amount > 0 then lines.sale_price_currency else lines.ordered_unit_price_currency
                end,
                orders.currency
            ) as currency,
            cast(case when abs(lines.sale_price_amount) < 100000000 then lines.sale_price_amount end as decimal(18, 9))
                as sale_price,
            cast(
                case when abs(lines.ordered_unit_price_amount) < 100000000 then lines.ordered_unit_price_amount end
                as decimal(18, 9)
            ) as ordered_price,
            cast(
                case when lines.wholesale_price > 0 and lines.wholesale_price < 100000000 then lines.wholesale_price end
                as decimal(18, 9)
            ) as line_list_price,
            cast(case when products.wholesale_price > 0 then products.wholesale_price end as decimal(18, 9))
                as product_list_price,
            products.price_currency,
            cast(case when abs(lines.quantity) < 100000000 then lines.quantity end as decimal(18, 9)) as quantity,
            case when lines.unit_multiplier > 0 then lines.unit_multiplier else 1 end as unit_multiplier
        from lines
        join orders on orders._company = lines._company and orders.order_number = lines.order_number
        left join products on products._company = lines._company and products.product_id = lines.product_id
    ),
    priced as (
        select
            *,
            case when is_on_sale then sale_price else ordered_price end as price,
            coalesce(line_list_price, case when price_currency is not distinct from currency then product_list_price end)
                as list_price,
            case
                when line_list_price is not null then 'line'
                when product_list_price is not null and price_currency is not distinct from currency then 'product'
                else 'none'
            end as list_basis
        from bounded
    ),
    scaled as (
        select
            *,
            cast(cast(price as decimal(38, 9)) * 1000000000 as hugeint) as price_billionths,
            cast(
                cast(case when list_price is distinct from price then list_price end as decimal(38, 9)) * 1000000000
                as hugeint
            ) as list_billionths,
            cast(cast(quantity as decimal(38, 9)) * 1000000000 as hugeint) as quantity_billionths,
            cast(unit_multiplier as hugeint) as multiplier
        from priced
    ),
    divided as (
        select
            *,
            (
                2 * price_billionths * quantity_billionths
                + case when price_billionths * quantity_billionths < 0 then -1000000000000 else 1000000000000 end * multiplier
            ) // (2000000000000 * multiplier) as millionths,
            case
                when list_price is not distinct from price then null
                else
                    (
                        2 * list_billionths * quantity_billionths
                        + case when list_billionths * quantity_billionths < 0 then -1000000000000 else 1000000000000 end
                        * multiplier
                    ) // (2000000000000 * multiplier)
            end as list_millionths,
            case
                when unit_multiplier = 1 then null
                else
                    (2 * quantity_billionths + case when quantity_billionths < 0 then -1000 else 1000 end * multiplier)
                    // (2000 * multiplier)
            end as cases_millionths
        from scaled
    ),
    amounts as (
        select
            *,
            case when abs(millionths) < 1000000000000000000 then millionths end as bounded_millionths,
            case when abs(list_millionths) < 1000000000000000000 then list_millionths end as bounded_list_millionths
        from divided
    )
select
    _company,
    line_id,
    order_number,
    product_id,
    currency,
    order_currency,
    is_sample,
    is_on_sale,
    quantity,
    unit_multiplier,
    case
        when unit_multiplier = 1 then cast(quantity as decimal(18, 6))
        else cast(cast(cases_millionths as decimal(38, 0)) * 0.000001 as decimal(18, 6))
    end as cases,
    price,
    list_price,
    list_basis,
    cast(cast(bounded_millionths as decimal(38, 0)) * 0.000001 as decimal(28, 6)) as selling_unit_amount,
    cast(
        cast(
            case when list_price is not distinct from price then bounded_millionths else bounded_list_millionths end
            as decimal(38, 0)
        ) * 0.000001 as decimal(28, 6)
    ) as selling_unit_list_amount
from amounts
