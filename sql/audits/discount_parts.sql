-- severity: error
-- The parts of an order's discount add up to it, to the cent.
with
    parts as (
        select _company, order_number, sum(discount_amount) as parts_amount
        from intermediate.discount_parts
        group by _company, order_number
    ),
    discounts as (
        select _company, order_number, discount_amount from intermediate.order_discounts where discount_amount <> 0
    )
select
    coalesce(discounts._company, parts._company) as _company,
    coalesce(discounts.order_number, parts.order_number) as order_number,
    discounts.discount_amount,
    parts.parts_amount
from discounts
full join parts on parts._company = discounts._company and parts.order_number = discounts.order_number
where coalesce(discounts.discount_amount, 0) <> coalesce(parts.parts_amount, 0)
