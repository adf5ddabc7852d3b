-- severity: warn
-- Every resource that was ever read was read in the last 36 hours before what the load knows.
with
    reads as (
        select runs._company, reads.resource, max(reads.server_time) as read_at
        from meta.reads as reads
        join meta.runs as runs on runs.run_id = reads.run_id
        where reads.refused is null and not coalesce(reads.not_offered, false)
        group by runs._company, reads.resource
    )
select _company, resource, read_at
from reads
where read_at < getvariable('known_at') - interval 36 hour
