-- severity: error
-- Every live row of raw is one row of staging, and no join on the way to the marts multiplies or drops rows.
-- Orders are compared by key. Of other keys, which are numbers, the sums are compared, and those of a product of their
-- remainders: a key that came twice in place of others seldom leaves both as they were.
with
    expected as (
        select
            'line_items' as step,
            _company,
            count(*) as row_count,
            sum(cast(id as hugeint)) as keys,
            sum(cast(id % 999983 as hugeint) * (id % 1000003)) as remainders
        from raw.line_items
        where _deleted_at is null
        group by _company
        union all
        select
            'customers' as step,
            _company,
            count(*) as row_count,
            sum(cast(id as hugeint)) as keys,
            sum(cast(id % 999983 as hugeint) * (id % 1000003)) as remainders
        from raw.customers
        where _deleted_at is null
        group by _company
        union all
        select
            'products' as step,
            _company,
            count(*) as row_count,
            sum(cast(id as hugeint)) as keys,
            sum(cast(id % 999983 as hugeint) * (id % 1000003)) as remainders
        from raw.products
        where _deleted_at is null
        group by _company
        union all
        select
            'order_payments' as step,
            _company,
            count(*) as row_count,
            sum(cast(id as hugeint)) as keys,
            sum(cast(id % 999983 as hugeint) * (id % 1000003)) as remainders
        from raw.order_payments
        where _deleted_at is null
        group by _company
        union all
        select
            'line_amounts' as step,
            _company,
            count(*) as row_count,
            sum(cast(line_id as hugeint)) as keys,
            sum(cast(line_id % 999983 as hugeint) * (line_id % 1000003)) as remainders
        from staging.line_items as lines
        where exists (
            select 1
            from staging.orders_received as orders
            where orders._company = lines._company and orders.order_number = lines.order_number
        )
        group by _company
        union all
        select
            'fct_order_lines' as step,
            _company,
            count(*) as row_count,
            sum(cast(line_id as hugeint)) as keys,
            sum(cast(line_id % 999983 as hugeint) * (line_id % 1000003)) as remainders
        from intermediate.line_amounts
        group by _company
        union all
        select
            'sell_through' as step,
            _company,
            count(*) as row_count,
            sum(cast(product_id as hugeint)) as keys,
            sum(cast(product_id % 999983 as hugeint) * (product_id % 1000003)) as remainders
        from staging.products
        group by _company
        union all
        select
            'fct_payments' as step,
            _company,
            count(*) as row_count,
            sum(cast(payment_id as hugeint)) as keys,
            sum(cast(payment_id % 999983 as hugeint) * (payment_id % 1000003)) as remainders
        from staging.order_payments
        group by _company
        union all
        select
            'dim_products' as step,
            _company,
            count(*) as row_count,
            sum(cast(product_id as hugeint)) as keys,
            sum(cast(product_id % 999983 as hugeint) * (product_id % 1000003)) as remainders
        from staging.products
        group by _company
        union all
        select
            'dim_customers' as step,
            _company,
            count(*) as row_count,
            sum(cast(customer_id as hugeint)) as keys,
            sum(cast(customer_id % 999983 as hugeint) * (customer_id % 1000003)) as remainders
        from staging.customers
        group by _company
    ),
    found as (
        select
            'line_items' as step,
            _company,
            count(*) as row_count,
            sum(cast(line_id as hugeint)) as keys,
            sum(cast(line_id % 999983 as hugeint) * (line_id % 1000003)) as remainders
        from staging.line_items
        group by _company
        union all
        select
            'customers' as step,
            _company,
            count(*) as row_count,
            sum(cast(customer_id as hugeint)) as keys,
            sum(cast(customer_id % 999983 as hugeint) * (customer_id % 1000003)) as remainders
        from staging.customers
        group by _company
        union all
        select
            'products' as step,
            _company,
            count(*) as row_count,
            sum(cast(product_id as hugeint)) as keys,
            sum(cast(product_id % 999983 as hugeint) * (product_id % 1000003)) as remainders
        from staging.products
        group by _company
        union all
        select
            'order_payments' as step,
            _company,
            count(*) as row_count,
            sum(cast(payment_id as hugeint)) as keys,
            sum(cast(payment_id % 999983 as hugeint) * (payment_id % 1000003)) as remainders
        from staging.order_payments
        group by _company
        union all
        select
            'line_amounts' as step,
            _company,
            count(*) as row_count,
            sum(cast(line_id as hugeint)) as keys,
            sum(cast(line_id % 999983 as hugeint) * (line_id % 1000003)) as remainders
        from intermediate.line_amounts
        group by _company
        union all
        select
            'fct_order_lines' as step,
            _company,
            count(*) as row_count,
            sum(cast(line_id as hugeint)) as keys,
            sum(cast(line_id % 999983 as hugeint) * (line_id % 1000003)) as remainders
        from intermediate.order_line_facts
        group by _company
        union all
        select
            'sell_through' as step,
            _company,
            count(*) as row_count,
            sum(cast(product_id as hugeint)) as keys,
            sum(cast(product_id % 999983 as hugeint) * (product_id % 1000003)) as remainders
        from marts.sell_through
        group by _company
        union all
        select
            'fct_payments' as step,
            _company,
            count(*) as row_count,
            sum(cast(payment_id as hugeint)) as keys,
            sum(cast(payment_id % 999983 as hugeint) * (payment_id % 1000003)) as remainders
        from marts.fct_payments
        group by _company
        union all
        select
            'dim_products' as step,
            _company,
            count(*) as row_count,
            sum(cast(product_id as hugeint)) as keys,
            sum(cast(product_id % 999983 as hugeint) * (product_id % 1000003)) as remainders
        from marts.dim_products
        group by _company
        union all
        select
            'dim_customers' as step,
            _company,
            count(*) as row_count,
            sum(cast(customer_id as hugeint)) as keys,
            sum(cast(customer_id % 999983 as hugeint) * (customer_id % 1000003)) as remainders
        from marts.dim_customers
        group by _company
    ),
    orders as (
        select
            _company,
            number as order_number,
            1 as in_raw,
            0 as in_staging,
            0 as in_facts,
            0 as is_open,
            0 as in_aging
        from raw.orders_received
        where _deleted_at is null
        union all
        select _company, order_number, 0 as in_raw, 1 as in_staging, 0 as in_facts, 0 as is_open, 0 as in_aging
        from staging.orders_received
        union all
        select _company, order_number, 0 as in_raw, 0 as in_staging, 1 as in_facts, 0 as is_open, 0 as in_aging
        from marts.fct_orders
        union all
        select _company, order_number, 0 as in_raw, 0 as in_staging, 0 as in_facts, 1 as is_open, 0 as in_aging
        from intermediate.order_balances
        where is_billed and open_balance <> 0
        union all
        select _company, order_number, 0 as in_raw, 0 as in_staging, 0 as in_facts, 0 as is_open, 1 as in_aging
        from marts.ar_aging
    ),
    counted as (
        select
            _company,
            order_number,
            sum(in_raw) as in_raw,
            sum(in_staging) as in_staging,
            sum(in_facts) as in_facts,
            sum(is_open) as is_open,
            sum(in_aging) as in_aging
        from orders
        group by _company, order_number
    )
select
    coalesce(expected.step, found.step) as step,
    coalesce(expected._company, found._company) as _company,
    cast(null as varchar) as order_number,
    expected.row_count as expected_rows,
    found.row_count as found_rows
from expected
full join found on found.step = expected.step and found._company = expected._company
where expected.row_count is distinct from found.row_count
    or expected.keys is distinct from found.keys
    or expected.remainders is distinct from found.remainders
union all
select
    case
        when in_staging <> in_raw then 'orders_received'
        when in_facts <> in_raw then 'fct_orders'
        else 'ar_aging'
    end as step,
    _company,
    order_number,
    case when in_staging = in_raw and in_facts = in_raw then is_open else in_raw end as expected_rows,
    case when in_staging <> in_raw then in_staging when in_facts <> in_raw then in_facts else in_aging end
        as found_rows
from counted
where in_staging <> in_raw or in_facts <> in_raw or in_aging <> is_open
