-- One row per line that bears a part of its order's discount, in whole cents, so that the parts add up to it.
-- Parts are in proportion to the line amounts; the cents that rounding down leaves go to the largest remainders, among
-- equals to the smaller line id.
with
    lines as (select * from intermediate.line_amounts),
    discounts as (select * from intermediate.order_discounts where discount_amount <> 0),
    scaled as (
        select
            lines._company,
            lines.order_number,
            lines.line_id,
            cast(discounts.discount_amount * 100 as hugeint) as discount_cents,
            cast(cast(lines.line_amount as decimal(38, 6)) * 1000000 as hugeint) as line_millionths,
            cast(cast(discounts.discountable_amount as decimal(38, 6)) * 1000000 as hugeint) as order_millionths
        from lines
        join discounts on discounts._company = lines._company and discounts.order_number = lines.order_number
        where not lines.is_sample
            and lines.line_amount is not null
            and lines.currency is not distinct from lines.order_currency
    ),
    divided as (
        select
            *,
            (discount_cents * line_millionths) // order_millionths as quotient,
            (discount_cents * line_millionths) % order_millionths as remainder
        from scaled
    ),
    floored as (  -- integer division cuts towards zero: below zero, one cent less is the floor
        select
            *,
            quotient - case when remainder < 0 then 1 else 0 end as floor_cents,
            remainder + case when remainder < 0 then order_millionths else 0 end as floor_remainder
        from divided
    ),
    ranked as (
        select
            *,
            discount_cents - sum(floor_cents) over (partition by _company, order_number) as cents_left,
            row_number() over (
                partition by _company, order_number order by floor_remainder desc, line_id
            ) as place
        from floored
    )
select
    _company,
    order_number,
    line_id,
    -- The line's part of the order's discount.
    cast(
        cast(floor_cents + case when place <= cents_left then 1 else 0 end as decimal(38, 0)) * 0.01 as decimal(38, 2)
    ) as discount_amount
from ranked
