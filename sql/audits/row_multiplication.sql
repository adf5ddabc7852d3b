-- severity: error
-- Every live row of raw is one row of staging, and no join on the way to the marts multiplies or drops rows.
with  -- sums of hashes of the keys are compared: counting distinct ones costs twice as much
    expected as (
        select 'orders_received' as step, _company, count(*) as row_count, sum(hash(number)) as keys
        from raw.orders_received
        where _deleted_at is null
        group by _company
        union all
        select 'line_items' as step, _company, count(*) as row_count, sum(hash(id)) as keys
        from raw.line_items
        where _deleted_at is null
        group by _company
        union all
        select 'customers' as step, _company, count(*) as row_count, sum(hash(id)) as keys
        from raw.customers
        where _deleted_at is null
        group by _company
        union all
        select 'products' as step, _company, count(*) as row_count, sum(hash(id)) as keys
        from raw.products
        where _deleted_at is null
        group by _company
        union all
        select 'order_payments' as step, _company, count(*) as row_count, sum(hash(id)) as keys
        from raw.order_payments
        where _deleted_at is null
        group by _company
        union all
        select 'line_amounts' as step, lines._company, count(*) as row_count, sum(hash(lines.line_id)) as keys
        from staging.line_items as lines
        where exists (
            select 1
            from staging.orders_received as orders
            where orders._company = lines._company and orders.order_number = lines.order_number
        )
        group by lines._company
        union all
        select 'sold_lines' as step, lines._company, count(*) as row_count, sum(hash(lines.line_id)) as keys
        from intermediate.line_amounts as lines
        where exists (
            select 1
            from staging.orders_received as orders
            where orders._company = lines._company
                and orders.order_number = lines.order_number
                and (orders.is_booked or orders.is_receivable)
        )
        group by lines._company
        union all
        select 'ar_aging' as step, _company, count(*) as row_count, sum(hash(order_number)) as keys
        from intermediate.order_balances
        where is_receivable and open_balance <> 0
        group by _company
        union all
        select 'sell_through' as step, _company, count(*) as row_count, sum(hash(product_id)) as keys
        from staging.products
        group by _company
    ),
    found as (
        select 'orders_received' as step, _company, count(*) as row_count, sum(hash(order_number)) as keys
        from staging.orders_received
        group by _company
        union all
        select 'line_items' as step, _company, count(*) as row_count, sum(hash(line_id)) as keys
        from staging.line_items
        group by _company
        union all
        select 'customers' as step, _company, count(*) as row_count, sum(hash(customer_id)) as keys
        from staging.customers
        group by _company
        union all
        select 'products' as step, _company, count(*) as row_count, sum(hash(product_id)) as keys
        from staging.products
        group by _company
        union all
        select 'order_payments' as step, _company, count(*) as row_count, sum(hash(payment_id)) as keys
        from staging.order_payments
        group by _company
        union all
        select 'line_amounts' as step, _company, count(*) as row_count, sum(hash(line_id)) as keys
        from intermediate.line_amounts
        group by _company
        union all
        select 'sold_lines' as step, _company, count(*) as row_count, sum(hash(line_id)) as keys
        from intermediate.sold_lines
        group by _company
        union all
        select 'ar_aging' as step, _company, count(*) as row_count, sum(hash(order_number)) as keys
        from marts.ar_aging
        group by _company
        union all
        select 'sell_through' as step, _company, count(*) as row_count, sum(hash(product_id)) as keys
        from marts.sell_through
        group by _company
    )
select
    coalesce(expected.step, found.step) as step,
    coalesce(expected._company, found._company) as _company,
    expected.row_count as expected_rows,
    found.row_count as found_rows,
    expected.keys as expected_keys,
    found.keys as found_keys
from expected
full join found on found.step = expected.step and found._company = expected._company
where expected.row_count is distinct from found.row_count or expected.keys is distinct from found.keys
