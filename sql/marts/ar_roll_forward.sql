-- One row per load, seller and currency: what moved receivables from the last published load to this one; the rows of
-- every load are kept. opening + new_billed + removed + edits + credits + payments + ticked = closing.
-- key: _company, run_id, seller_id, currency
-- needs: orders_received, line_items, products, order_payments, customers
with
    moves as (select * from intermediate.order_moves where was_billed or is_billed),
    loads as (select load_id, as_of from meta.loads),
    summed as (
        select
            _company,
            seller_id,
            currency,
            previous_run_id,
            sum(open_before) as opening,
            sum(open_after) as closing,
            sum(case when not was_billed then total_after else 0 end) as new_billed,
            sum(case when not is_billed then -open_before else 0 end) as removed,
            sum(
                case
                    when is_billed then case when was_billed then deducted_before else 0 end - deducted_after
                    else 0
                end
            ) as credits,
            sum(
                case
                    when is_billed then case when was_billed then received_before else 0 end - received_after
                    else 0
                end
            ) as payments,
            sum(
                case
                    when is_billed then case when was_billed then ticked_before else 0 end - ticked_after
                    else 0
                end
            ) as ticked
        from moves
        group by _company, seller_id, currency, previous_run_id
    ),
    all_rows as (
        select
            summed._company,
            getvariable('run_id') as run_id,
            summed.seller_id,
            summed.currency,
            summed.previous_run_id,
            loads.as_of as from_date,
            getvariable('as_of') as to_date,
            summed.opening,
            summed.closing,
            summed.new_billed,
            summed.removed,
            -- the change of total, with what rounding leaves over
            summed.closing - summed.opening - summed.new_billed - summed.removed - summed.credits - summed.payments
                - summed.ticked as edits,
            summed.credits,
            summed.payments,
            summed.ticked
        from summed
        join loads on loads.load_id = summed.previous_run_id
        union all
        select
            _company,
            run_id,
            seller_id,
            currency,
            previous_run_id,
            from_date,
            to_date,
            opening,
            closing,
            new_billed,
            removed,
            edits,
            credits,
            payments,
            ticked
        from previous.ar_roll_forward
        where run_id <> getvariable('run_id')
    )
select
    cast(_company as varchar) as _company,  -- Company of the configuration that the orders belong to.
    cast(run_id as varchar) as run_id,  -- Load that ends the step.
    cast(seller_id as bigint) as seller_id,  -- Selling company.
    cast(currency as varchar) as currency,  -- Currency of every amount in the row.
    cast(previous_run_id as varchar) as previous_run_id,  -- Load that begins it.
    cast(from_date as date) as from_date,  -- as_of of the earlier load.
    cast(to_date as date) as to_date,  -- as_of of this load.
    cast(opening as decimal(38, 2)) as opening,  -- open_net as the earlier load published it.
    cast(closing as decimal(38, 2)) as closing,  -- open_net now.
    cast(new_billed as decimal(38, 2)) as new_billed,  -- Totals of orders billed now and not then.
    cast(removed as decimal(38, 2)) as removed,  -- Minus the open balances of orders billed then and not now.
    -- Change of total of orders billed both times, and what rounding leaves over.
    cast(edits as decimal(38, 2)) as edits,
    cast(credits as decimal(38, 2)) as credits,  -- Minus the change of credits (of a new order, all); 0 where netted.
    cast(payments as decimal(38, 2)) as payments,  -- Minus the change of counted payments (of a new order, all).
    cast(ticked as decimal(38, 2)) as ticked  -- Minus the change of what a tick alone says is paid.
from all_rows
