-- severity: warn
-- The rows of the newest run of each company were as their contracts say: no new, missing or retyped field, no new
-- value.
with
    newest as (select _company, max(run_id) as run_id from meta.runs group by _company)
select drift._company, drift.resource, drift.field, drift.kind, drift.detail, drift.first_seen
from meta.drift as drift
join newest on newest._company = drift._company and newest.run_id = drift.run_id
