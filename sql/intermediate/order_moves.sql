-- One row per order that is there now or was there at the last published load, in its seller and currency: how it stood
-- then and how it stands now, 0 where it was absent. One that moved to another currency is absent once in each. There
-- are no rows of a company of which the last published load shows nothing: it has nothing to compare with.
with
    loads as (select max(load_id) as previous_run_id from meta.loads),
    companies as (select distinct _company from previous.headlines),
    positions as (
        select *, 0 as is_now from previous.order_positions
        union all
        select *, 1 as is_now from intermediate.order_positions
    ),
    paired as (
        select
            _company,
            order_number,
            seller_id,
            currency,
            max(is_now) = 1 as is_there_now,
            min(is_now) = 0 as was_there,
            max(case when is_now = 0 then short_id end) as short_id_before,
            max(case when is_now = 1 then short_id end) as short_id_now,
            max(case when is_now = 0 then customer_id end) as customer_id_before,
            max(case when is_now = 1 then customer_id end) as customer_id_now,
            max(case when is_now = 0 then customer_name end) as customer_name_before,
            max(case when is_now = 1 then customer_name end) as customer_name_now,
            max(case when is_now = 0 then status end) as status_before,
            max(case when is_now = 1 then status end) as status_after,
            max(case when is_now = 0 and is_billed then 1 else 0 end) = 1 as was_billed,
            max(case when is_now = 1 and is_billed then 1 else 0 end) = 1 as is_billed,
            sum(case when is_now = 0 then total else 0 end) as total_before,
            sum(case when is_now = 1 then total else 0 end) as total_after,
            sum(case when is_now = 0 then credits else 0 end) as credits_before,
            sum(case when is_now = 1 then credits else 0 end) as credits_after,
            sum(case when is_now = 0 then deducted_credits else 0 end) as deducted_before,
            sum(case when is_now = 1 then deducted_credits else 0 end) as deducted_after,
            sum(case when is_now = 0 then net_sales else 0 end) as order_sales_before,
            sum(case when is_now = 1 then net_sales else 0 end) as order_sales_after,
            sum(case when is_now = 0 and is_sale then net_sales else 0 end) as net_sales_before,
            sum(case when is_now = 1 and is_sale then net_sales else 0 end) as net_sales_after,
            sum(case when is_now = 0 then paid else 0 end) as received_before,
            sum(case when is_now = 1 then paid else 0 end) as received_after,
            sum(case when is_now = 0 then implied_paid else 0 end) as ticked_before,
            sum(case when is_now = 1 then implied_paid else 0 end) as ticked_after,
            sum(case when is_now = 0 then open_balance else 0 end) as open_before,
            sum(case when is_now = 1 then open_balance else 0 end) as open_after
        from positions
        group by _company, order_number, seller_id, currency
    )
select
    paired._company,  -- Company of the configuration that the order belongs to.
    paired.order_number,  -- LeafLink's key of the order.
    paired.seller_id,  -- Selling company.
    paired.currency,  -- Currency of every amount in the row.
    is_there_now,  -- Whether it is there now.
    was_there,  -- Whether it was there at the last published load ("then").
    status_before,  -- Status then.
    status_after,  -- Status now.
    was_billed,  -- Whether it was billed then.
    is_billed,  -- Whether it is billed now.
    total_before,  -- Total then.
    total_after,  -- Total now.
    credits_before,  -- Credits then.
    credits_after,  -- Credits now.
    deducted_before,  -- Credits that the total did not net then.
    deducted_after,  -- Credits that the total does not net now.
    order_sales_before,  -- Net sales of the order then, whether it counted as a sale or not.
    order_sales_after,  -- Net sales of the order now, whether it counts as a sale or not.
    net_sales_before,  -- Net sales then, 0 where it counted as none.
    net_sales_after,  -- Net sales now, 0 where it counts as none.
    received_before,  -- Counted payments then.
    received_after,  -- Counted payments now.
    ticked_before,  -- What counted as paid then because it was ticked alone.
    ticked_after,  -- What counts as paid now because it is ticked alone.
    open_before,  -- Open balance then, 0 unless it was billed.
    open_after,  -- Open balance now, 0 unless it is billed.
    loads.previous_run_id,  -- The last published load.
    -- Number of the order that people see: now, else then.
    case when is_there_now then short_id_now else short_id_before end as short_id,
    -- The seller's record of the customer: now, else then.
    case when is_there_now then customer_id_now else customer_id_before end as customer_id,
    -- Name of the customer: now, else then.
    case when is_there_now then customer_name_now else customer_name_before end as customer_name
from paired
cross join loads
semi join companies on companies._company = paired._company
where loads.previous_run_id is not null
