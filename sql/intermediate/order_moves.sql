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
    paired.*,
    loads.previous_run_id,
    case when is_there_now then short_id_now else short_id_before end as short_id,
    case when is_there_now then customer_id_now else customer_id_before end as customer_id,
    case when is_there_now then customer_name_now else customer_name_before end as customer_name
from paired
cross join loads
semi join companies on companies._company = paired._company
where loads.previous_run_id is not null
