-- severity: warn
-- No order is there under two companies: every sum over both would count it twice. A company that was given another name
-- in leafhouse.toml keeps its rows under the old one.
select _company, order_number, status
from staging.orders_received
where order_number in (
    select order_number
    from staging.orders_received
    group by order_number
    having count(distinct _company) > 1
)
