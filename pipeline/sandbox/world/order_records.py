"""What LeafLink keeps beside the orders: who looks after each, and a log of what happened to it.

Both follow from the orders as they stand, whatever changed them: `record` looks among the changed orders for those
that stand otherwise than when it was called last. The log begins some months before a sandbox does; what happened
earlier is in no log. All of it is SQL, which makes the logs of many thousand orders in a moment.
"""

from collections.abc import Iterable
from datetime import timedelta

from pipeline.sandbox.store import filters
from pipeline.sandbox.store.noticing import CHANGED_ORDERS
from pipeline.sandbox.store.store import Store
from pipeline.sandbox.store.table import Column, Table, moment, plain
from pipeline.sandbox.world.companies import username_of
from pipeline.sandbox.world.vocabulary import SELLERS

_FIRST_REP, _FIRST_LOG = 300001, 8000001
LOG_BEGINS = timedelta(days=90)  # before the first moment of the sandbox
# Which statuses an order had until it got there.
_ACCEPTED = ("Draft", "Submitted", "Accepted")
_LIVES = {
    "Draft": ("Draft",),
    "Submitted": ("Draft", "Submitted"),
    "Accepted": _ACCEPTED,
    "Backorder": (*_ACCEPTED, "Backorder"),
    "Fulfilled": (*_ACCEPTED, "Fulfilled"),
    "Shipped": (*_ACCEPTED, "Fulfilled", "Shipped"),
    "Complete": (*_ACCEPTED, "Fulfilled", "Shipped", "Complete"),
    "Rejected": ("Draft", "Submitted", "Rejected"),
    "Combined": (*_ACCEPTED, "Combined"),
    "Cancelled": (*_ACCEPTED, "Cancelled"),
}
_EVENTS = {
    "Draft": "created", "Submitted": "submitted", "Accepted": "accepted", "Backorder": "backordered",
    "Fulfilled": "fulfilled", "Shipped": "shipped", "Complete": "completed", "Rejected": "rejected",
    "Combined": "combined", "Cancelled": "cancelled",
}  # fmt: skip


def _by(text: str) -> filters.Condition:
    name = text.lower()
    condition = "lower(body ->> '$.by') = ? OR instr(' ' || lower(body ->> '$.author_name') || ' ', ?) > 0"
    return filters.Condition(condition, (name, f" {name} "))


ORDER_SALES_REPS = Table(
    path="order-sales-reps/",
    columns={"order_number": plain("order", "TEXT"), "rep": plain("rep")},
    indexes=("key", "order_number"),
)
ORDER_EVENT_LOGS = Table(
    path="order-event-logs/",
    columns={
        "order_number": plain("order", "TEXT"),
        "moment": moment("timestamp"),
        "status": Column("TEXT", lambda row: row["changed_fields"].get("status", {}).get("new")),
    },
    filters={"id": filters.is_number("key"), "by": _by, "order": filters.equals("order_number")},
    indexes=("key", "order_number, moment"),
)
ORDER_RECORD_TABLES = (ORDER_SALES_REPS, ORDER_EVENT_LOGS)


def _values(rows: Iterable[tuple[int | str, ...]]) -> str:
    """Write rows of our own words and numbers as those of a VALUES clause."""
    return ", ".join("(" + ", ".join(map(_literal, row)) + ")" for row in rows)


def _literal(value: int | str) -> str:
    return str(value) if isinstance(value, int) else "'" + value.replace("'", "''") + "'"


_LIFE_ROWS = [
    (status, place, len(life) - 1, life[place - 1] if place else "None", life[place], _EVENTS[life[place]])
    for status, life in _LIVES.items()
    for place in range(len(life))
]
_STAFF_ROWS = [
    (seller.id, place, len(seller.reps), name, username_of(name))
    for seller in SELLERS
    for place, (_, name) in enumerate(seller.reps)
]
# How every order stood when it was looked at last.
_NOTED = "CREATE TABLE IF NOT EXISTS noted_orders (number TEXT PRIMARY KEY, status TEXT, modified INTEGER)"
_GONE = f"(SELECT key FROM {CHANGED_ORDERS} WHERE key NOT IN (SELECT key FROM orders_received))"  # noqa: S608
_NOTE = f"""
    INSERT OR REPLACE INTO noted_orders
    SELECT key, status, modified FROM orders_received WHERE key IN {CHANGED_ORDERS}
"""  # noqa: S608
_COMMON = f"""
    WITH unlogged AS MATERIALIZED (
        SELECT
            key AS number, orders_received.status, created_on AS created, orders_received.modified, shipped, balance,
            body ->> '$.seller' AS seller, body ->> '$.sales_reps' AS reps, noted_orders.status AS noted
        FROM orders_received
        LEFT JOIN noted_orders ON number = key
        WHERE key IN {CHANGED_ORDERS}
            AND (orders_received.status, orders_received.modified) IS NOT (noted_orders.status, noted_orders.modified)
    ),
    wanted AS MATERIALIZED (
        SELECT
            number, iif(noted IS NULL, created, modified) AS moment,
            iif(each.type = 'object', each.value ->> '$.id', each.value) AS rep
        FROM unlogged, json_each(reps) AS each
    ),
    lives (status, place, last_place, old_status, new_status, event) AS (VALUES {_values(_LIFE_ROWS)}),
    kinds (new_status, event) AS (VALUES {_values(_EVENTS.items())}),
    staff (seller, place, size, name, username) AS (VALUES {_values(_STAFF_ROWS)})
"""  # noqa: S608
_MOMENT = """
    strftime('%Y-%m-%dT%H:%M:%S', moment / 1000000 + 3600 * zone, 'unixepoch')
    || printf('.%06d%+03d:00', moment % 1000000, zone)
"""
_ZONE = "-6 - id % 2 AS zone"
_FORGET_REPS = f"""{_COMMON}
    DELETE FROM order_sales_reps
    WHERE order_number IN (SELECT number FROM unlogged) AND (order_number, rep) NOT IN (SELECT number, rep FROM wanted)
"""  # noqa: S608
_ADD_REPS = f"""{_COMMON},
    numbered AS (
        SELECT row_number() OVER (ORDER BY moment, number, rep) - 1 + :first AS id, number, rep, moment
        FROM wanted
        WHERE NOT EXISTS (
            SELECT 1 FROM order_sales_reps AS known WHERE order_number = wanted.number AND known.rep = wanted.rep
        )
    )
    INSERT INTO order_sales_reps
    SELECT id, number, rep, json_object('id', id, 'order', number, 'rep', rep, 'created_on', {_MOMENT})
    FROM (SELECT *, {_ZONE} FROM numbered)
"""  # noqa: S608
# An order gets where it stands within nine days, step by step; what changed it after that was an edit.
_ADD_LOGS = f"""{_COMMON},
    fresh AS (
        SELECT *, iif(status = 'Draft', created, min(modified, created + 9 * 86400000000)) AS settled
        FROM unlogged WHERE noted IS NULL
    ),
    events (number, seller, place, moment, event, old_status, new_status, shipped, balance, reps) AS (
        SELECT
            number, seller, place, created + (settled - created) * place / max(last_place, 1) AS moment, event,
            old_status, new_status, shipped, balance, reps
        FROM fresh JOIN lives USING (status) WHERE settled >= :since
        UNION ALL
        SELECT number, seller, 9, modified, 'edited', NULL, NULL, shipped, balance, reps
        FROM fresh WHERE modified > settled AND modified >= :since
        UNION ALL
        SELECT
            number, seller, 0, modified, iif(noted = 'Accepted' AND status = 'Submitted', 'unaccepted', event),
            noted, status, shipped, balance, reps
        FROM unlogged JOIN kinds ON new_status = status WHERE status <> noted
        UNION ALL
        SELECT
            number, seller, 0, modified,
            iif(number IN (SELECT order_number FROM order_sales_reps WHERE key >= :new_reps), 'rep_edited', 'edited'),
            NULL, NULL, shipped, balance, reps
        FROM unlogged WHERE status = noted
    ),
    numbered AS (
        SELECT row_number() OVER (ORDER BY moment, number, place) - 1 + :first AS id, *
        FROM events WHERE moment >= :since
    ),
    described AS (
        SELECT
            *, {_ZONE},
            CASE
                WHEN event = 'rep_edited' THEN json_object('sales_reps', json(reps))
                WHEN new_status IS NULL THEN json_object(
                    'payment_balance', json_object('original', 'None', 'new', printf('%.2f', balance / 1e2))
                )
                WHEN event = 'shipped' AND shipped IS NOT NULL THEN json_object(
                    'status', json_object('original', old_status, 'new', new_status), 'ship_date',
                    json_object('original', 'None', 'new', strftime('%m/%d/%Y', shipped / 1000000, 'unixepoch'))
                )
                ELSE json_object('status', json_object('original', old_status, 'new', new_status))
            END AS changes
        FROM numbered
    ),
    timed AS MATERIALIZED (SELECT *, {_MOMENT} AS at FROM described)
    INSERT INTO order_event_logs
    SELECT id, number, moment, new_status, json_object(
        'id', id, 'order', number, 'author_name', name, 'by', username, 'event_type', event,
        'description', iif(event = 'unaccepted', 'Sent back to Submitted', NULL),
        'created_on', at, 'modified', at, 'timestamp', at, 'changed_fields', json(changes),
        'source', CASE id % 7 WHEN 0 THEN 'api' WHEN 1 THEN 'other' ELSE 'app' END,
        'source_detail', iif(id % 7 = 0, 'erp sync', '')
    )
    FROM timed
    JOIN staff ON staff.seller = timed.seller AND staff.place = id % staff.size
"""  # noqa: S608


def record(store: Store) -> None:
    """Bring sales reps and logs up to date with the orders; those of orders that are gone go, too."""
    store.write(_NOTED)
    for table in ORDER_RECORD_TABLES:
        store.write(f"DELETE FROM {table.name} WHERE order_number IN {_GONE}")  # noqa: S608
    store.write(f"DELETE FROM noted_orders WHERE number IN {_GONE}")  # noqa: S608
    store.write(_FORGET_REPS)
    new_reps = store.new_keys("order_sales_reps", 0, _FIRST_REP)
    store.new_keys("order_sales_reps", store.write(_ADD_REPS, {"first": new_reps}))
    first = store.new_keys("order_event_logs", 0, _FIRST_LOG)
    since = store.recall("logged since")
    added = store.write(_ADD_LOGS, {"first": first, "new_reps": new_reps, "since": since})
    store.new_keys("order_event_logs", added)
    store.write(_NOTE)
