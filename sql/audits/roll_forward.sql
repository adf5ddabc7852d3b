-- severity: error
-- What moved receivables since the last load adds up: opening and the six moves are the closing, the closing is what
-- ar_summary shows, and the opening is the closing of the load before.
with
    moves as (select * from marts.ar_roll_forward where run_id = getvariable('run_id')),
    summary as (select _company, seller_id, currency, open_net from marts.ar_summary),
    previous as (select * from marts.ar_roll_forward),
    compared as (  -- a company that the last load did not show has no moves
        select distinct _company from marts.changes where run_id = getvariable('run_id')
    ),
    known as (  -- a company's first load has no closing
        select distinct previous._company, previous.run_id from previous
    ),
    findings as (
        select
            _company,
            seller_id,
            currency,
            'opening and moves are not the closing' as reason,
            opening + new_billed + edits + removed + credits + payments + ticked as expected,
            closing as found
        from moves
        where opening + new_billed + edits + removed + credits + payments + ticked <> closing
        union all
        select
            coalesce(summary._company, moves._company) as _company,
            coalesce(summary.seller_id, moves.seller_id) as seller_id,
            coalesce(summary.currency, moves.currency) as currency,
            'the closing is not what is open' as reason,
            summary.open_net as expected,
            moves.closing as found
        from summary
        full join moves
            on moves._company = summary._company
            and moves.seller_id is not distinct from summary.seller_id
            and moves.currency is not distinct from summary.currency
        semi join compared on compared._company = coalesce(summary._company, moves._company)
        where coalesce(summary.open_net, 0) <> coalesce(moves.closing, 0)
        union all
        select
            moves._company,
            moves.seller_id,
            moves.currency,
            'the opening is not the last closing' as reason,
            previous.closing as expected,
            moves.opening as found
        from moves
        join known on known.run_id = moves.previous_run_id and known._company = moves._company
        left join previous
            on previous.run_id = moves.previous_run_id
            and previous._company = moves._company
            and previous.seller_id is not distinct from moves.seller_id
            and previous.currency is not distinct from moves.currency
        where coalesce(previous.closing, 0) <> moves.opening
    )
select * from findings
