-- severity: warn
-- Prices are of a case: the orders' own totals say so. A company whose totals say otherwise, or say nothing, is listed.
select _company, price_basis, orders_with_multiplier, selling_units, base_units
from marts.semantics
where orders_with_multiplier > 0 and selling_units <= base_units
