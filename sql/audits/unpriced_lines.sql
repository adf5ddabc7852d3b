-- severity: warn
-- Every line has a price and a quantity, both below a hundred million; others are worth nothing in the marts.
select _company, line_id, order_number, currency, quantity
from intermediate.line_amounts
where line_amount is null
