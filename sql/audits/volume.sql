-- severity: error
-- No resource that had 25 rows at the last load has lost more than a fifth of them, or all, since. `--accept-shrink`
-- lets a load through whose rows are really gone.
select _company, resource, rows_before, row_count
from intermediate.volumes
where rows_before >= 25 and row_count * 5 < rows_before * 4 and not getvariable('accept_shrink')
