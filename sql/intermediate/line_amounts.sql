-- One row per live line of a live order, priced as its company's prices are to be read: of a selling unit, or of a base
-- unit (then the amount is price x quantity).
-- kind: view
with
    lines as (select * from intermediate.line_readings),
    decisions as (select * from intermediate.company_decisions),
    decided as (
        select
            lines.*,
            case when decisions.is_price_of_base_unit then lines.base_unit_amount else lines.selling_unit_amount end
                as line_amount,
            case
                when decisions.is_price_of_base_unit then lines.base_unit_list_amount else lines.selling_unit_list_amount
            end as stated_list_amount
        from lines
        join decisions on decisions._company = lines._company
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
    line_amount,  -- Price x quantity, read as the company's prices are; null where it is a trillion or more.
    list_price,
    list_basis,
    coalesce(stated_list_amount, line_amount) as list_amount,  -- The same at the list price, else line_amount.
    is_sample,
    is_on_sale
from decided
