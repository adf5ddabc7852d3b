-- One row per live line of a live order with its price and its amount, both as if prices were of a selling unit (a case)
-- and as if they were of a base unit. Quantity is in base units, so that a line is price x quantity / unit multiplier by
-- the first reading, and price x quantity by the second: to six decimals, half away from zero, computed in whole
-- numbers, since dividing decimals gives doubles. A price or a quantity of a hundred million or more is no price and no
-- quantity, and a trillion or more is no amount of a line: such lines stay without an amount.
-- Nearly all prices and quantities are short: below 100,000, with four decimals at most. A bigint holds the product of
-- two such numbers of ten-thousandths. The others are computed in billionths, as hugeint: for 1,000,000 lines that would
-- take 1.3 CPU seconds more than the 2 that they take.
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
    shortened as (
        select
            *,
            list_price is distinct from price as has_own_list_price,
            cast(price as decimal(13, 4)) as short_price,
            cast(list_price as decimal(13, 4)) as short_list_price,
            cast(quantity as decimal(13, 4)) as short_quantity
        from priced
    ),
    sized as (
        select
            *,
            coalesce(
                cast(short_price as decimal(18, 9)) = price
                and cast(short_quantity as decimal(18, 9)) = quantity
                and (list_price is null or cast(short_list_price as decimal(18, 9)) = list_price)
                and abs(short_price) < 100000
                and abs(short_quantity) < 100000
                and (list_price is null or short_list_price < 100000)
                and unit_multiplier < 1000000,
                false
            ) as is_short
        from shortened
    ),
    scaled as (  -- each number once: the short ones are null where the long ones are not
        select
            *,
            cast(case when is_short then short_quantity end * 10000 as bigint) as units,
            cast(case when is_short then short_price end * 10000 as bigint) as cost,
            cast(case when is_short and has_own_list_price then short_list_price end * 10000 as bigint) as list_cost,
            case when is_short then unit_multiplier end as divisor,
            cast(cast(case when not is_short then quantity end as decimal(38, 9)) * 1000000000 as hugeint) as long_units,
            cast(cast(case when not is_short then price end as decimal(38, 9)) * 1000000000 as hugeint) as long_cost,
            cast(
                cast(case when not is_short and has_own_list_price then list_price end as decimal(38, 9)) * 1000000000
                as hugeint
            ) as long_list_cost,
            cast(unit_multiplier as hugeint) as long_divisor
        from sized
    ),
    divided as (
        select
            *,
            (200 * units + case when units < 0 then -divisor else divisor end) // (2 * divisor) as cases_millionths,
            (2 * cost * units + case when cost * units < 0 then -100 else 100 end * divisor) // (200 * divisor)
                as millionths,
            (2 * cost * units + case when cost * units < 0 then -100 else 100 end) // 200 as base_millionths,
            (2 * list_cost * units + case when list_cost * units < 0 then -100 else 100 end * divisor) // (200 * divisor)
                as list_millionths,
            (2 * list_cost * units + case when list_cost * units < 0 then -100 else 100 end) // 200
                as base_list_millionths
        from scaled
    ),
    divided_long as (
        select
            *,
            (2 * long_units + case when long_units < 0 then -1000 else 1000 end * long_divisor) // (2000 * long_divisor)
                as long_cases_millionths,
            (
                2 * long_cost * long_units
                + case when long_cost * long_units < 0 then -1000000000000 else 1000000000000 end * long_divisor
            ) // (2000000000000 * long_divisor) as long_millionths,
            (
                2 * long_cost * long_units
                + case when long_cost * long_units < 0 then -1000000000000 else 1000000000000 end
            ) // 2000000000000 as long_base_millionths,
            (
                2 * long_list_cost * long_units
                + case when long_list_cost * long_units < 0 then -1000000000000 else 1000000000000 end * long_divisor
            ) // (2000000000000 * long_divisor) as long_list_millionths,
            (
                2 * long_list_cost * long_units
                + case when long_list_cost * long_units < 0 then -1000000000000 else 1000000000000 end
            ) // 2000000000000 as long_base_list_millionths
        from divided
    ),
    bounded_amounts as (
        select
            *,
            coalesce(millionths, case when abs(long_millionths) < 1000000000000000000 then long_millionths end)
                as own_millionths,
            coalesce(
                base_millionths, case when abs(long_base_millionths) < 1000000000000000000 then long_base_millionths end
            ) as own_base_millionths,
            coalesce(
                list_millionths, case when abs(long_list_millionths) < 1000000000000000000 then long_list_millionths end
            ) as own_list_millionths,
            coalesce(
                base_list_millionths,
                case when abs(long_base_list_millionths) < 1000000000000000000 then long_base_list_millionths end
            ) as own_base_list_millionths
        from divided_long
    ),
    amounts as (
        select
            *,
            cast(cast(own_millionths as decimal(18, 0)) * 0.000001 as decimal(18, 6)) as selling_unit_amount,
            cast(cast(own_base_millionths as decimal(18, 0)) * 0.000001 as decimal(18, 6)) as base_unit_amount,
            cast(cast(own_list_millionths as decimal(18, 0)) * 0.000001 as decimal(18, 6)) as own_list_amount,
            cast(cast(own_base_list_millionths as decimal(18, 0)) * 0.000001 as decimal(18, 6)) as own_base_list_amount
        from bounded_amounts
    )
select
    _company,
    line_id,
    order_number,
    product_id,
    currency,  -- Currency of the price that counts, else of the order.
    order_currency,
    is_sample,
    is_on_sale,  -- Whether the sale price is above 0.
    quantity,  -- Base units; a hundred million or more is no quantity.
    unit_multiplier,  -- Base units in a selling unit, 1 where none above 0 is known.
    -- Selling units: quantity / unit_multiplier, to six decimals.
    case
        when unit_multiplier = 1 then cast(quantity as decimal(18, 6))
        else cast(cast(coalesce(cases_millionths, long_cases_millionths) as decimal(18, 0)) * 0.000001 as decimal(18, 6))
    end as cases,
    price,  -- Sale price when above 0, else the ordered price; a hundred million or more is no price.
    list_price,  -- List price of the line, else of the product today where it is in the line's currency.
    list_basis,  -- Where the list price is from: line, product or none.
    selling_unit_amount,  -- Amount of the line if its price is of a selling unit: price x quantity / unit_multiplier.
    base_unit_amount,  -- Amount of the line if its price is of a base unit: price x quantity.
    -- The same at the list price, if prices are of a selling unit.
    case when has_own_list_price then own_list_amount else selling_unit_amount end as selling_unit_list_amount,
    -- The same at the list price, if prices are of a base unit.
    case when has_own_list_price then own_base_list_amount else base_unit_amount end as base_unit_list_amount
from amounts
