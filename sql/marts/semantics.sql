-- One row per company: what LeafLink leaves open, decided by the company's own orders. The marts follow it.
-- key: _company
-- needs: orders_received, line_items, order_payments
with
    decisions as (select * from intermediate.company_decisions)
select
    cast(_company as varchar) as _company,  -- Company of the configuration.
    -- Whether an order's total already nets its credits, by payment_balance: netted or not_netted.
    cast(case when is_credits_netted then 'netted' else 'not_netted' end as varchar) as credits_basis,
    cast(orders_with_credits as bigint) as orders_with_credits,  -- Orders with credits, a total and a payment_balance.
    cast(netted as bigint) as netted,  -- Of these, orders that satisfy netted.
    cast(not_netted as bigint) as not_netted,  -- Of these, orders that satisfy not_netted.
    -- How a discount in percent is written, by total: percent (5 is 5 %) or fraction (0.05 is).
    cast(case when is_percent_a_fraction then 'fraction' else 'percent' end as varchar) as percent_basis,
    cast(orders_with_percent as bigint) as orders_with_percent,  -- Orders with a discount in percent.
    cast(percents as bigint) as percents,  -- Of these, orders whose total satisfies percent.
    cast(fractions as bigint) as fractions,  -- Of these, orders whose total satisfies fraction.
    -- Which unit a price is of, by total: selling_unit (a case) or base_unit.
    cast(case when is_price_of_base_unit then 'base_unit' else 'selling_unit' end as varchar) as price_basis,
    -- Orders with a line of more than one base unit to a case, all lines of which are priced.
    cast(orders_with_multiplier as bigint) as orders_with_multiplier,
    cast(selling_units as bigint) as selling_units,  -- Of these, orders whose total satisfies selling_unit.
    cast(base_units as bigint) as base_units  -- Of these, orders whose total satisfies base_unit.
from decisions
