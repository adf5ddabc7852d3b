-- One row per load and order that the load shows otherwise than the last published one; every load's rows are kept. An
-- order that moved to another seller or currency is deleted there and new here.
-- key: _company, run_id, order_number, seller_id, currency
-- needs: orders_received, line_items, products, order_payments, customers
with
    moves as (
        select
            *,
            received_before + ticked_before as paid_before,
            received_after + ticked_after as paid_after
        from intermediate.order_moves
    ),
    compared as (
        select
            *,
            case
                when not was_there then 'new'
                when not is_there_now then 'deleted'
                when status_before is distinct from status_after then 'status'
                when total_before <> total_after
                    or credits_before <> credits_after
                    or order_sales_before <> order_sales_after then 'edited'
                when received_before <> received_after or ticked_before <> ticked_after then 'paid'
                when net_sales_before <> net_sales_after or open_before <> open_after then 'dated'
            end as kind
        from moves
    ),
    all_changes as (
        select
            _company,
            getvariable('run_id') as run_id,
            order_number,
            short_id,
            seller_id,
            customer_id,
            customer_name,
            currency,
            previous_run_id,
            kind,
            status_before,
            status_after,
            total_before,
            total_after,
            net_sales_before,
            net_sales_after,
            paid_before,
            paid_after,
            open_before,
            open_after
        from compared
        where kind is not null
        union all
        select
            _company,
            run_id,
            order_number,
            short_id,
            seller_id,
            customer_id,
            customer_name,
            currency,
            previous_run_id,
            kind,
            status_before,
            status_after,
            total_before,
            total_after,
            net_sales_before,
            net_sales_after,
            paid_before,
            paid_after,
            open_before,
            open_after
        from previous.order_changes
        where run_id <> getvariable('run_id')
    )
select
    cast(_company as varchar) as _company,  -- Company of the configuration that the order belongs to.
    cast(run_id as varchar) as run_id,  -- Load that shows the change.
    cast(order_number as varchar) as order_number,  -- LeafLink's key of the order.
    cast(short_id as varchar) as short_id,  -- Number of the order that people see; it can change.
    cast(seller_id as bigint) as seller_id,  -- Selling company.
    cast(customer_id as bigint) as customer_id,  -- The seller's record of a customer: a door.
    cast(customer_name as varchar) as customer_name,  -- Nickname of the customer, else its name, else the order's word.
    cast(currency as varchar) as currency,  -- Currency of every amount in the row.
    cast(previous_run_id as varchar) as previous_run_id,  -- Load that it is compared with.
    -- The first that holds: new, deleted, status, edited (total, credits or net sales), paid (payments or tick), dated
    -- (only as_of moved on).
    cast(kind as varchar) as kind,
    cast(status_before as varchar) as status_before,  -- Status then; null for a new order.
    cast(status_after as varchar) as status_after,  -- Status now; null for a deleted order.
    cast(total_before as decimal(38, 2)) as total_before,  -- Total then, 0 where absent.
    cast(total_after as decimal(38, 2)) as total_after,  -- Total now, 0 where absent.
    cast(net_sales_before as decimal(38, 2)) as net_sales_before,  -- Net sales then, 0 unless it counted in sales.
    cast(net_sales_after as decimal(38, 2)) as net_sales_after,  -- Net sales now, 0 unless it counts in sales.
    cast(paid_before as decimal(38, 2)) as paid_before,  -- Paid and implied as paid then.
    cast(paid_after as decimal(38, 2)) as paid_after,  -- Paid and implied as paid now.
    cast(open_before as decimal(38, 2)) as open_before,  -- Open balance then, 0 unless it was billed.
    cast(open_after as decimal(38, 2)) as open_after  -- Open balance now, 0 unless it is billed.
from all_changes
