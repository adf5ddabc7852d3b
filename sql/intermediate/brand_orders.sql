-- One row per booked order of as_of or earlier, brand and currency of its lines: what the lines add up to, unrounded,
-- samples apart. `sale_lines` is 0 where the order holds samples of the brand alone.
-- needs: orders_received, line_items, products, customers
with
    lines as (select * from intermediate.order_line_facts where is_booked and days_ago >= 0)
select
    _company,
    order_number,
    brand_id,
    currency,
    min(seller_id) as seller_id,  -- Selling company.
    min(customer_id) as customer_id,  -- The seller's record of a customer: a door.
    min(order_date) as order_date,  -- Local date of the order.
    min(days_ago) as days_ago,  -- as_of - order_date.
    count(case when not is_sample then 1 end) as sale_lines,  -- Lines that are no samples.
    count(case when is_sample then 1 end) as sample_lines,  -- Samples.
    -- Sum of the lines, before the discount.
    coalesce(sum(case when not is_sample then line_amount end), 0) as line_amount,
    -- Sum of the lines on sale.
    coalesce(sum(case when not is_sample and is_on_sale then line_amount end), 0) as on_sale_amount,
    coalesce(sum(case when not is_sample then discount end), 0) as discount,  -- The lines' part of the order's discount.
    coalesce(sum(case when not is_sample then units end), 0) as units,  -- Base units of the lines.
    coalesce(sum(case when not is_sample then cases end), 0) as cases,  -- Selling units of the lines.
    coalesce(sum(case when is_sample then units end), 0) as sample_units  -- Base units of the samples.
from lines
group by _company, order_number, brand_id, currency
