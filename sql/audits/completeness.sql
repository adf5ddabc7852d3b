-- severity: error
-- Every read of a resource received as many rows as the API stated.
select run_id, resource, stated, received, distinct_keys, rereads, verdict
from meta.completeness
where verdict is distinct from 'complete'
