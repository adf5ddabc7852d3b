-- One row per load, seller, headline, item and currency: headlines against the last published load. All totals are
-- here, and the items that moved; the rows of every load are kept.
-- key: _company, run_id, seller_id, headline, item, currency
-- needs: orders_received, line_items, products, order_payments, customers
with
    loads as (select max(load_id) as previous_run_id from meta.loads),
    companies as (select distinct _company from previous.headlines),
    headlines as (
        select _company, seller_id, headline, item, currency, amount as before, 0 as after from previous.headlines
        union all
        select _company, seller_id, headline, item, currency, 0 as before, amount as after from intermediate.headlines
    ),
    compared as (
        select _company, seller_id, headline, item, currency, sum(before) as before, sum(after) as after
        from headlines
        group by _company, seller_id, headline, item, currency
    ),
    all_changes as (
        select
            compared._company,
            getvariable('run_id') as run_id,
            compared.seller_id,
            compared.headline,
            compared.item,
            compared.currency,
            loads.previous_run_id,
            compared.before,
            compared.after
        from compared
        cross join loads
        semi join companies on companies._company = compared._company
        where loads.previous_run_id is not null and (compared.item = 'total' or compared.before <> compared.after)
        union all
        select _company, run_id, seller_id, headline, item, currency, previous_run_id, before, after
        from previous.changes
        where run_id <> getvariable('run_id')
    )
select
    cast(_company as varchar) as _company,  -- Company of the configuration that the figure belongs to.
    cast(run_id as varchar) as run_id,  -- Load that shows the figure.
    cast(seller_id as bigint) as seller_id,  -- Selling company.
    -- open_net, net_sales, orders, payments (counted ones), committed_exposure, on_hand, customers or products.
    cast(headline as varchar) as headline,
    cast(item as varchar) as item,  -- total, a bucket of open_net, or the first day of a month.
    cast(currency as varchar) as currency,  -- Currency of an amount; null for counts and stock.
    cast(previous_run_id as varchar) as previous_run_id,  -- Load that it is compared with.
    cast(before as decimal(38, 4)) as before,  -- The figure then, 0 where it was absent.
    cast(after as decimal(38, 4)) as after,  -- The figure now, 0 where it is absent.
    cast(after - before as decimal(38, 4)) as change  -- after - before.
from all_changes
