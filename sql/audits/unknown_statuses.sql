-- severity: warn
-- Every status is one that the seed order_statuses knows; orders in others count nowhere.
select _company, status, count(*) as orders, min(order_number) as an_order
from staging.orders_received
where not is_known_status
group by _company, status
