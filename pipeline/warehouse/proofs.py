"""The held rows that show whether a key sees the account that a data folder holds."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from pipeline.landing import Landing
from pipeline.landing.holdings import HeldRow, Proofs
from pipeline.resources import Resource, all_resources
from pipeline.warehouse.holdings import HoldingReader, open_holding

# What each account has of its own and the API gives row by row, the best proof first: the number of an order is unique
# everywhere, and so is that of a report; payments and lines name their order; the others are told by their creation.
_PROVING = ("orders_received", "reports", "order_payments", "line_items", "customers", "products", "contacts")
# Some of the newest may be gone by now. A key for several companies has to see the rows of each.
_ROWS_OF_A_SELLER = 5
_NEWEST_FIRST = "coalesce(is_draft, false), created DESC NULLS LAST, try_cast(key AS BIGINT) DESC, key"


def read_proofs(data_dir: Path, landing: Landing, company: str) -> Proofs:
    """Return the rows held of `company` that its account can be told by.

    Raises ConfigurationError for a warehouse or a landed file that is damaged, or of another version.
    """
    resources = all_resources()
    with open_holding(data_dir, landing) as (con, is_published):
        reader = _ProofReader(HoldingReader(con, landing, resources, company, is_published))
        if reader.is_empty():
            return Proofs()
        rows = {name: reader.newest(resources[name]) for name in _PROVING}
        sellers, companies = reader.sellers(resources["orders_received"]), reader.keys(resources["companies"])
        return Proofs(False, rows, sellers, companies)


class _ProofReader:
    def __init__(self, reader: HoldingReader) -> None:
        self._reader = reader
        self._con = reader.con

    def is_empty(self) -> bool:
        reader = self._reader
        of_company = [manifest for manifest in reader.pending if manifest.company == reader.company]
        if any(batch.rows for manifest in of_company for read in manifest.resources for batch in read.batches):
            return False
        return not any(
            self._con.execute(f'SELECT 1 FROM raw."{table}" WHERE _company = ? LIMIT 1', [reader.company]).fetchone()
            for table in sorted(reader.tables)
        )

    def newest(self, resource: Resource) -> tuple[HeldRow, ...]:
        """Return the newest rows of each seller, drafts last: they are often deleted.

        Of the rows of one order it is one: they come and go together.
        """
        self._reader.collect(resource)
        with self._details(resource) as (details, parameters):
            found = self._con.execute(
                f"WITH details AS ({details}), detail AS ("
                "SELECT key, any_value(seller) AS seller, any_value(name) AS name, bool_and(is_draft) AS is_draft "
                "FROM details GROUP BY key), "
                "row AS (FROM held LEFT JOIN detail USING (key) WHERE key IS NOT NULL "
                f"QUALIFY row_number() OVER (PARTITION BY coalesce(parent, key) ORDER BY {_NEWEST_FIRST}) = 1) "
                "SELECT key, seller, parent, epoch_us(created), name FROM row "
                f"QUALIFY row_number() OVER (PARTITION BY seller ORDER BY {_NEWEST_FIRST}) <= {_ROWS_OF_A_SELLER} "
                f"ORDER BY {_NEWEST_FIRST}",
                parameters,
            ).fetchall()
        return tuple(HeldRow(resource.name, *row) for row in found)

    def keys(self, resource: Resource) -> frozenset[str]:
        self._reader.collect(resource)
        return frozenset(row[0] for row in self._con.execute("SELECT key FROM held WHERE key IS NOT NULL").fetchall())

    def sellers(self, orders: Resource) -> frozenset[str]:
        with self._details(orders) as (details, parameters):
            found = self._con.execute(
                f"SELECT DISTINCT seller FROM ({details}) WHERE seller IS NOT NULL", parameters
            ).fetchall()
        return frozenset(row[0] for row in found)

    @contextmanager
    def _details(self, resource: Resource) -> Iterator[tuple[str, list[object]]]:
        """Yield a query of key, seller, name and whether it is a draft, over all versions of the rows.

        It has to be run within the block.
        """
        fields = resource.record.model_fields
        seller, name = ("seller" if "seller" in fields else "NULL"), ("name" if "name" in fields else "NULL")
        is_draft = "status = 'Draft'" if resource.name == "orders_received" else "false"
        columns = (
            f'CAST("{resource.key}" AS VARCHAR) AS key, CAST({seller} AS VARCHAR) AS seller, '
            f"CAST({name} AS VARCHAR) AS name, {is_draft} AS is_draft"
        )
        sources = ["SELECT NULL::VARCHAR AS key, NULL::VARCHAR AS seller, NULL::VARCHAR AS name, false AS is_draft "
                   "WHERE false"]  # fmt: skip
        parameters: list[object] = []
        if resource.name in self._reader.tables:
            sources.append(f"SELECT {columns} FROM raw.{resource.name} WHERE _company = ?")
            parameters.append(self._reader.company)
        with ExitStack() as fetched:
            for _, read in self._reader.reads(self._reader.pending, resource.name):
                if read.batches:
                    sources.append(f"SELECT {columns} FROM read_parquet(?, hive_partitioning = false)")
                    parameters.append(fetched.enter_context(self._reader.landing.fetched(read.batches)))
            yield " UNION ALL ".join(sources), parameters
