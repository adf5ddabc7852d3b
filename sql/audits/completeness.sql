-- severity: error
-- Every window of the newest read of a resource, at each company, received as many rows as the API stated. A read
-- that the API refused, or does not offer, left the rows of the one before, and is reported elsewhere.
select run_id, resource, stated, received, distinct_keys, rereads, verdict
from (
    select reads.*, rank() over (partition by runs._company, reads.resource order by reads.run_id desc) as age
    from meta.completeness as reads
    left join meta.runs as runs on runs.run_id = reads.run_id
)
where age = 1 and coalesce(verdict, 'unknown') not in ('complete', 'refused', 'not offered')
order by run_id, resource
