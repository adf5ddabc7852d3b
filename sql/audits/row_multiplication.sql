-- severity: error
-- Every live row of raw is one row of staging, and no join on the way to the marts multiplies or drops rows.
with
    raw_rows as (
        select 'orders_received' as step, _company, cast(number as varchar) as key
        from raw.orders_received
        where _deleted_at is null
        union all
        select 'line_items' as step, _company, cast(id as varchar) as key
        from raw.line_items
        where _deleted_at is null
        union all
        select 'customers' as step, _company, cast(id as varchar) as key
        from raw.customers
        where _deleted_at is null
        union all
        select 'products' as step, _company, cast(id as varchar) as key
        from raw.products
        where _deleted_at is null
        union all
        select 'order_payments' as step, _company, cast(id as varchar) as key
        from raw.order_payments
        where _deleted_at is null
    ),
    staging_rows as (
        select 'orders_received' as step, _company, order_number as key from staging.orders_received
        union all
        select 'line_items' as step, _company, cast(line_id as varchar) as key from staging.line_items
        union all
        select 'customers' as step, _company, cast(customer_id as varchar) as key from staging.customers
        union all
        select 'products' as step, _company, cast(product_id as varchar) as key from staging.products
        union all
        select 'order_payments' as step, _company, cast(payment_id as varchar) as key from staging.order_payments
    ),
    expected as (
        select * from raw_rows
        union all
        select 'line_amounts' as step, line_items._company, cast(line_items.line_id as varchar) as key
        from staging.line_items
        where exists (
            select 1
            from staging.orders_received
            where orders_received._company = line_items._company
                and orders_received.order_number = line_items.order_number
        )
        union all
        select 'ar_aging' as step, _company, order_number as key
        from intermediate.order_balances
        where is_receivable and open_balance <> 0
        union all
        select 'sell_through' as step, _company, cast(product_id as varchar) as key from staging.products
    ),
    found as (
        select * from staging_rows
        union all
        select 'line_amounts' as step, _company, cast(line_id as varchar) as key from intermediate.line_amounts
        union all
        select 'ar_aging' as step, _company, order_number as key from marts.ar_aging
        union all
        select 'sell_through' as step, _company, cast(product_id as varchar) as key from marts.sell_through
    ),
    expected_counts as (select step, _company, key, count(*) as row_count from expected group by step, _company, key),
    found_counts as (select step, _company, key, count(*) as row_count from found group by step, _company, key)
select
    coalesce(expected_counts.step, found_counts.step) as step,
    coalesce(expected_counts._company, found_counts._company) as _company,
    coalesce(expected_counts.key, found_counts.key) as key,
    coalesce(expected_counts.row_count, 0) as expected_rows,
    coalesce(found_counts.row_count, 0) as found_rows
from expected_counts
full join found_counts
    on found_counts.step = expected_counts.step
    and found_counts._company = expected_counts._company
    and found_counts.key = expected_counts.key
where expected_counts.row_count is distinct from found_counts.row_count
