-- One row per billed order that the warehouse saw before it was fulfilled: its lines of then against those of today.
-- Lines that are no samples, as they stood when a load first saw the order as Submitted, Accepted or Backorder.
-- key: _company, order_number
-- needs: orders_received, line_items, products, customers
with
    orders as (select * from staging.orders_received where is_receivable),
    balances as (select * from intermediate.order_balances where is_billed),
    customers as (select * from staging.customers),
    lines as (select * from staging.line_items where not is_sample),
    seen as (
        select _company, "number" as order_number, min(_valid_from) as first_seen_at
        from history.orders_received
        where status in ('Submitted', 'Accepted', 'Backorder')
        group by _company, "number"
    ),
    billed as (
        select
            orders.*,
            coalesce(customers.customer_name, orders.customer_name) as door_name,
            seen.first_seen_at
        from orders
        join balances on balances._company = orders._company and balances.order_number = orders.order_number
        join seen on seen._company = orders._company and seen.order_number = orders.order_number
        left join customers on customers._company = orders._company and customers.customer_id = orders.customer_id
    ),
    first_lines as (
        select
            billed._company,
            billed.order_number,
            versions.id as line_id,
            -- A hundred million or more is no quantity.
            cast(coalesce(case when abs(versions.quantity) < 100000000 then versions.quantity end, 0) as decimal(38, 4))
                as units
        from history.line_items as versions
        join billed on billed._company = versions._company and billed.order_number = versions."order"
        where versions._valid_from <= billed.first_seen_at
            and (versions._valid_to is null or versions._valid_to > billed.first_seen_at)
            and not coalesce(versions.is_sample, false)
    ),
    today_lines as (
        select
            lines._company,
            lines.order_number,
            lines.line_id,
            cast(coalesce(case when abs(lines.quantity) < 100000000 then lines.quantity end, 0) as decimal(38, 4))
                as units
        from lines
        join billed on billed._company = lines._company and billed.order_number = lines.order_number
    ),
    compared as (
        select
            coalesce(first_lines._company, today_lines._company) as _company,
            coalesce(first_lines.order_number, today_lines.order_number) as order_number,
            first_lines.units as first_units,
            today_lines.units as units
        from first_lines
        full join today_lines
            on today_lines._company = first_lines._company
            and today_lines.order_number = first_lines.order_number
            and today_lines.line_id = first_lines.line_id
    ),
    filled as (
        select
            _company,
            order_number,
            sum(first_units) as first_units,
            sum(
                case
                    when first_units is null then null
                    when units is null then 0
                    when units < first_units then units
                    else first_units
                end
            ) as filled_units,
            count(first_units) as first_lines,
            count(case when units >= first_units then 1 end) as full_lines,
            count(case when units is null then 1 end) as removed_lines,
            count(case when first_units is null then 1 end) as added_lines
        from compared
        group by _company, order_number
    ),
    scaled as (  -- ratios are divided in ten-thousandths of a unit, since dividing decimals gives doubles
        select
            billed._company,
            billed.order_number,
            billed.short_id,
            billed.seller_id,
            billed.customer_id,
            billed.door_name,
            billed.invoice_date,
            billed.first_seen_at,
            cast(coalesce(filled.first_units, 0) as decimal(38, 4)) as first_units,
            cast(coalesce(filled.filled_units, 0) as decimal(38, 4)) as filled_units,
            coalesce(filled.first_lines, 0) as first_lines,
            coalesce(filled.full_lines, 0) as full_lines,
            coalesce(filled.removed_lines, 0) as removed_lines,
            coalesce(filled.added_lines, 0) as added_lines,
            cast(cast(coalesce(filled.first_units, 0) as decimal(38, 4)) * 10000 as hugeint) as wanted,
            cast(cast(coalesce(filled.filled_units, 0) as decimal(38, 4)) * 10000 as hugeint) as given
        from billed
        left join filled on filled._company = billed._company and filled.order_number = billed.order_number
    )
select
    cast(_company as varchar) as _company,  -- Company of the configuration that the order belongs to.
    cast(order_number as varchar) as order_number,  -- LeafLink's key of the order.
    cast(short_id as varchar) as short_id,  -- Number of the order that people see; it can change.
    cast(seller_id as bigint) as seller_id,  -- Selling company.
    cast(customer_id as bigint) as customer_id,  -- The seller's record of a customer: a door.
    cast(door_name as varchar) as customer_name,  -- Nickname of the customer, else its name, else the order's word.
    cast(invoice_date as date) as invoice_date,  -- Local date of ship_date, else order_date.
    -- When a load first saw the order as Submitted, Accepted or Backorder: the source's clock at the start of its run.
    cast(first_seen_at as timestamptz) as first_seen_at,
    cast(first_units as decimal(38, 4)) as first_units,  -- Base units of its lines then, samples apart.
    -- Sum by line of these or today's base units, whichever are less; 0 for removed lines.
    cast(filled_units as decimal(38, 4)) as filled_units,
    -- filled_units / first_units.
    cast(
        cast(
            (20000 * given + case when given < 0 then -abs(wanted) else abs(wanted) end)
            // nullif(2 * wanted, 0)
            as decimal(38, 0)
        ) * 0.0001 as decimal(38, 4)
    ) as unit_fill_rate,
    cast(first_lines as bigint) as first_lines,  -- Its lines then, samples apart.
    cast(full_lines as bigint) as full_lines,  -- Of these, lines with no fewer base units today.
    -- full_lines / first_lines.
    cast(
        cast(
            (20000 * cast(full_lines as hugeint) + first_lines) // nullif(2 * first_lines, 0) as decimal(38, 0)
        ) * 0.0001 as decimal(38, 4)
    ) as line_fill_rate,
    cast(removed_lines as bigint) as removed_lines,  -- Lines of then that are no lines of it today, or samples.
    cast(added_lines as bigint) as added_lines,  -- Lines of today that were none of it then, or samples.
    cast(full_lines = first_lines as boolean) as is_full  -- Whether all lines of then are full.
from scaled
