-- One row per live line of a live order, priced as its company's prices are to be read: of a selling unit, or of a base
-- unit (then the amount is price x quantity).
-- kind: view
with
    lines as (select * from intermediate.line_readings),
    decisions as (select * from intermediate.company_decisions),
    decided as (
        select
            lines.*,
            case
                when decisions.is_price_of_base_unit
                    then cast(round(cast(lines.price as decimal(18, 9)) * cast(lines.quantity as decimal(18, 9)), 6)
                        as decimal(38, 6))
                else lines.selling_unit_amount
            end as unbounded_amount,
            case
                when decisions.is_price_of_base_unit
                    then cast(round(cast(lines.list_price as decimal(18, 9)) * cast(lines.quantity as decimal(18, 9)), 6)
                        as decimal(38, 6))
                else lines.selling_unit_list_amount
            end as unbounded_list_amount
        from lines
        join decisions on decisions._company = lines._company
    ),
    bounded as (  -- a trillion or more is no amount of a line
        select
            *,
            cast(case when abs(unbounded_amount) < 1000000000000 then unbounded_amount end as decimal(28, 6))
                as line_amount,
            cast(case when abs(unbounded_list_amount) < 1000000000000 then unbounded_list_amount end as decimal(28, 6))
                as stated_list_amount
        from decided
    )
select
    _company,
    line_id,
    order_number,
    product_id,
    currency,
    order_currency,
    quantity,
    unit_multiplier,
    cases,
    price,
    line_amount,
    list_price,
    list_basis,
    coalesce(stated_list_amount, line_amount) as list_amount,
    is_sample,
    is_on_sale
from bounded
