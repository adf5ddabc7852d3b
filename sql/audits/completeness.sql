-- severity: error
-- Every window of the newest read of a resource received as many rows as the API stated. A read that the API refused,
-- or does not offer, left the rows of the one before, and is reported elsewhere.
select run_id, resource, stated, received, distinct_keys, rereads, verdict
from (
    select *, rank() over (partition by resource order by run_id desc) as age
    from meta.completeness
)
where age = 1 and coalesce(verdict, 'unknown') not in ('complete', 'refused', 'not offered')
