"""The house style of the notebooks: a finding is a sentence, the picture that shows it, and the query behind both.

    @finding("select customer_name, customer_id, currency, past_due from collections order by past_due desc limit 10")
    def _(rows):
        return bars(named(rows, "customer"), "customer", "past_due", title="A sentence.", subtitle="past due, USD")

Pictures are SVG, and where a page runs scripts they become interactive; neither needs the network.
"""

import base64
import io
import json
import secrets
import textwrap
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from decimal import Decimal
from html import escape
from typing import Any

import altair as alt
import duckdb
import vl_convert
from IPython.display import HTML, display

import pipeline

Row = dict[str, Any]

# From Okabe and Ito's palette, which colour-blind eyes can tell apart.
BLUE, ORANGE, GREEN, GREY = "#0072b2", "#d55e00", "#009e73", "#9aa3ab"
PALE = "#8fbfdc"
# The later, the darker; in this order wherever buckets are shown.
BUCKETS = {
    "current": "not due yet",
    "1_30": "1–30 days late",
    "31_60": "31–60 days",
    "61_90": "61–90 days",
    "91_120": "91–120 days",
    "over_120": "over 120 days",
    "no_due_date": "no due date",
    "unapplied_credit": "unapplied credit",
}
BUCKET_COLOURS = dict(
    zip(BUCKETS.values(), [PALE, "#fdd0a2", "#fdae6b", "#f16913", "#b63e02", "#6e2603", GREY, GREEN], strict=True)
)
BANDS = {
    "active": "in the last 30 days",
    "31_60": "31–60 days ago",
    "61_90": "61–90 days ago",
    "over_90": "over 90 days ago",
    "never": "never",
}
_WIDTH = 520
_LONGEST_LINE = 84
_CONFIG = {
    "font": "Arial, Helvetica, Liberation Sans, sans-serif",
    "background": "white",
    "padding": 12,
    "view": {"stroke": None},
    "title": {
        "anchor": "start", "frame": "bounds", "fontSize": 16, "subtitleFontSize": 12, "subtitleColor": "#555555",
        "subtitlePadding": 4, "offset": 14, "lineHeight": 20,
    },
    "axis": {
        "labelFontSize": 12, "labelColor": "#222222", "labelLimit": 300, "domain": False, "ticks": False,
        "gridColor": "#e6e6e6", "labelPadding": 6, "title": None,
    },
    "legend": {
        "orient": "top", "title": None, "labelFontSize": 12, "labelLimit": 0, "symbolType": "square", "offset": 6,
    },
    "header": {"title": None, "labelFontSize": 13, "labelFontWeight": "bold", "labelAnchor": "start"},
    "text": {"fontSize": 12, "color": "#222222"},
}  # fmt: skip
_open: dict[str, duckdb.DuckDBPyConnection] = {}


def begin() -> HTML:
    """Connect to the newest published warehouse, and return what its data are: source, day, completeness."""
    _open["con"] = pipeline.connect()
    (about,) = ask("""
        with
            newest as (  -- the newest reading of each resource that there is, for each company
                select * from meta.completeness join meta.runs using (run_id)
                where verdict <> 'not offered'
                qualify rank() over (partition by _company, resource order by run_id desc) = 1
            ),
            resources as (
                select resource, bool_and(verdict = 'complete') as is_complete, sum(distinct_keys) as rows
                from newest
                group by resource
            )
        select
            warehouse.source,
            load.as_of,
            load.timezone,
            count(*) as resources,
            count(*) filter (where is_complete) as complete,
            cast(coalesce(sum(rows), 0) as bigint) as rows,
            string_agg(resource, ', ' order by resource) filter (where not is_complete) as incomplete
        from resources, meta.warehouse as warehouse,
            (select * from meta.loads order by started_at desc, load_id desc limit 1) as load
        group by all
    """)
    alarms = []
    if about["source"] == "sandbox":
        alarms.append("SANDBOX: ALL OF THIS IS INVENTED. No customer, order or amount below is real.")
    if about["incomplete"]:
        alarms.append(f"NOT COMPLETE: {about['incomplete']}. See meta.completeness.")
    style = f"background: {ORANGE}; color: white; font-weight: bold; padding: 0.5em"
    return HTML(
        "".join(f'<div style="{style}">{escape(alarm)}</div>' for alarm in alarms)
        + f"<p>As of <b>{about['as_of']}</b> (days in {escape(about['timezone'])}): {about['complete']} of "
        + f"{about['resources']} resources complete, {about['rows']:,} rows in their newest reading.</p>"
        # In a function of its own: a page may run it twice, and its names are no others'.
        + f"<script>(function () {{ {vl_convert.javascript_bundle()} }})()</script>"
    )


def ask(query: str) -> list[Row]:
    """Return the rows of a query; amounts are exact decimals."""
    return _open["con"].sql(query).to_arrow_table().to_pylist()


def finding(query: str) -> Callable[[Callable[[list[Row]], object]], None]:
    """Draw the rows of `query` by the function below: one picture for each currency, so that none adds two.

    Where there are no rows, or the last load could not make a table of the query, it says so.
    """

    def draw(picture_of: Callable[[list[Row]], object]) -> None:
        try:
            rows = ask(query)
        except duckdb.CatalogException as error:
            display(HTML(f"<p>Not to be had from this load: {escape(str(error).splitlines()[0])}</p>"))
            return
        by_currency = defaultdict(list)
        for row in rows:
            if "currency" in row:
                row["currency"] = row["currency"] or "no currency"
            by_currency[row.get("currency")].append(row)
        for group in sorted(by_currency.values(), key=len, reverse=True):
            display(picture_of(group))
        if not rows:
            display(HTML("<p>No rows: there is nothing of this kind.</p>"))

    return draw


class Picture:
    """A chart in all its forms: one that is interactive where scripts run, SVG elsewhere, its title in a terminal."""

    def __init__(self, chart: alt.TopLevelMixin, title: str, subtitle: str) -> None:
        """Take a chart without a title."""
        heading = alt.Title(textwrap.wrap(title, _LONGEST_LINE), subtitle=textwrap.wrap(subtitle, _LONGEST_LINE + 26))
        self.title = title
        self._chart = chart.properties(title=heading).configure(**_CONFIG)

    def svg(self) -> str:
        """Return the picture as SVG."""
        written = io.StringIO()
        self._chart.save(written, format="svg")
        return written.getvalue()

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        svg, place = self.svg(), f"picture-{secrets.token_hex(6)}"
        # No name of a customer can close the script.
        specification = json.dumps(self._chart.to_dict()).replace("<", "\\u003c")
        return {
            "text/plain": self.title,
            "image/svg+xml": svg,
            "text/html": f'<div id="{place}"><img alt="{escape(self.title)}" '
            f'src="data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}"></div><script>'
            f"if (window.vegaEmbed) vegaEmbed('#{place}', {specification}, {{actions: false, renderer: 'svg'}});"
            "</script>",
        }


def bars(
    rows: Iterable[Row],
    name: str,
    value: str,
    *,
    title: str,
    subtitle: str,
    says: Callable[[Row], str] | None = None,
    tint: Callable[[Row], str] = lambda row: BLUE,
    before: str | None = None,
    part: str | None = None,
    colours: Mapping[str, str] | None = None,
) -> Picture | HTML:
    """Draw a bar for each row, from the top down as the rows come, with what `says` of the row at its end.

    `before` is the column of an earlier value, drawn as a pale bar behind. With `part` there are several rows of a
    `name`: the parts of its bar, coloured by `colours`; what stands at its end is said of its first row. A single bar
    is left out, as it would show nothing that the title does not say.
    """
    rows = [_drawable(row) | {"says": says(row) if says else f"{row[value]:,.0f}", "tint": tint(row)} for row in rows]
    names = list(dict.fromkeys(row[name] for row in rows))
    ends: dict[str, Row] = {}
    for row in rows:
        end = ends.setdefault(row[name], row | {"end": 0.0})
        end["end"] += row[value]
    if len(ends) == 1:
        return HTML(f"<p><b>{escape(title)}</b><br>{escape(subtitle)}</p>")
    for end in ends.values():  # a name stands where a bar ends to the left, a pale bar where one is shorter
        end["end"] = max(0.0, end["end"], (end[before] or 0.0) if before else 0.0)
    y = alt.Y(f"{name}:N", sort=names, title=None)
    axis = alt.Axis(labels=False, grid=False)
    base = alt.Chart(alt.Data(values=rows)).encode(y=y, tooltip=_tooltips(rows))
    if part is None:
        bar = base.mark_bar(**{"height": 12} if before else {}).encode(
            x=alt.X(f"{value}:Q", axis=axis), color=alt.Color("tint:N", scale=None)
        )
    else:
        shown = [each for each in colours or {} if any(row[part] == each for row in rows)]
        place = {each: number for number, each in enumerate(shown)}
        for row in rows:
            row["place"] = place[row[part]]
        scale = alt.Scale(domain=shown, range=[(colours or {})[each] for each in shown])
        bar = base.mark_bar().encode(
            x=alt.X(f"{value}:Q", axis=axis), color=alt.Color(f"{part}:N", scale=scale), order="place:Q"
        )
    text = alt.Chart(alt.Data(values=list(ends.values()))).encode(y=y, x="end:Q", text="says:N")
    layers = [bar, text.mark_text(align="left", dx=6)]
    if before is not None:
        earlier = [row for row in rows if row[before] is not None]
        pale = alt.Chart(alt.Data(values=earlier)).mark_bar(color=PALE)
        layers.insert(0, pale.encode(y=y, x=alt.X(f"{before}:Q", axis=axis)))
    return Picture(alt.layer(*layers).properties(width=_WIDTH, height=alt.Step(26)), title, subtitle)


def lines(rows: list[Row], day: str, values: Mapping[str, str], *, title: str, subtitle: str) -> Picture:
    """Draw a line over the days, which come in order, for each column in `values`: its label stands at the end."""
    colours = dict(zip(values.values(), (BLUE, ORANGE, GREEN, GREY), strict=False))
    points = [
        {
            "day": str(row[day]),
            "what": label,
            "value": float(row[column]),
            "tint": colours[label],
            "is_last": row is rows[-1],
        }
        for row in rows
        for column, label in values.items()
    ]
    base = alt.Chart(alt.Data(values=points)).encode(
        x=alt.X("day:T", axis=alt.Axis(format="%b %Y", grid=False, tickCount="month", labelOverlap=True)),
        y=alt.Y("value:Q", axis=alt.Axis(format=",.0f", tickCount=5)),
        color=alt.Color("tint:N", scale=None),
        tooltip=["what:N", alt.Tooltip("day:T", format="%Y-%m-%d"), alt.Tooltip("value:Q", format=",.2f")],
        detail="what:N",
    )
    ends = base.transform_filter("datum.is_last")
    label = "datum.what + ' ' + format(datum.value, ',.0f')"
    text = ends.transform_calculate(says=label).mark_text(align="left", dx=8, fontWeight="bold").encode(text="says:N")
    chart = base.mark_line(strokeWidth=2.5) + ends.mark_circle(size=60) + text
    return Picture(chart.properties(width=_WIDTH, height=240), title, subtitle)


def panels(rows: Iterable[Row], name: str, month: str, value: str, *, title: str, subtitle: str) -> Picture:
    """Draw a small chart over the months for each name, on one scale, in the order in which the names come."""
    rows = [_drawable(row) for row in rows]
    names = list(dict.fromkeys(row[name] for row in rows))
    columns = min((3, 4, 2, 5), key=lambda count: -len(names) % count)
    base = alt.Chart(alt.Data(values=rows)).encode(
        x=alt.X(
            f"{month}:T",
            axis=alt.Axis(format="%b %y", grid=False, tickCount=3, labelOverlap="greedy", labelSeparation=12),
        ),
        y=alt.Y(f"{value}:Q", axis=alt.Axis(format=",.0f", tickCount=3)),
        tooltip=_tooltips(rows),
    )
    small = alt.layer(base.mark_area(color=PALE, opacity=0.6), base.mark_line(color=BLUE, strokeWidth=2))
    facet = alt.Facet(f"{name}:N", sort=names, title=None)
    chart = small.properties(width=660 // columns - 45, height=90).facet(facet, columns=columns)
    return Picture(chart.resolve_axis(x="independent"), title, subtitle)


def table(rows: list[Row], columns: Mapping[str, str], *, title: str) -> HTML:
    """Return a table under its title: the columns, by the heads to give them."""

    def cell(value: object) -> str:
        if value is None:
            return "<td>–</td>"
        if isinstance(value, Decimal):
            return f'<td style="text-align: right">{value:,.0f}</td>'
        if isinstance(value, int):
            return f'<td style="text-align: right">{value:,}</td>'
        space = "nowrap" if isinstance(value, date) else "normal"
        return f'<td style="text-align: left; white-space: {space}">{escape(str(value))}</td>'

    head = "".join(f'<th style="text-align: left">{escape(label)}</th>' for label in columns.values())
    body = "".join(f"<tr>{''.join(cell(row[column]) for column in columns)}</tr>" for row in rows)
    return HTML(f"<p><b>{escape(title)}</b></p><table><tr>{head}</tr>{body}</table>")


def named(rows: list[Row], what: str, beside: str | None = None) -> list[Row]:
    """Add the name of `what` to each row, under that name, from what_name and what_id.

    Where two ids share a name, the column `beside` stands behind it, and a number where that is the same too.
    """
    labels: dict[object, str] = {}
    for row in rows:
        name = row[f"{what}_name"] or ("no name" if row[f"{what}_id"] else f"no {what}")
        labels[row[f"{what}_id"]] = name
    shared = Counter(labels.values())
    for row in rows:
        if beside and row[beside] and shared[row[f"{what}_name"]] > 1:
            labels[row[f"{what}_id"]] = f"{row[f'{what}_name']} ({row[beside]})"
    shared, place = Counter(labels.values()), Counter[str]()
    for key, label in labels.items():
        place[label] += 1
        if shared[label] > 1:
            labels[key] = f"{label} no. {place[label]}"
    for row in rows:
        row[what] = labels[row[f"{what}_id"]]
    return rows


def money(amount: Decimal | float, currency: str) -> str:
    """Return an amount in whole units of its currency."""
    return f"{amount:,.0f} {currency}"


def percent(part: Decimal | float, whole: Decimal | float = 1) -> str:
    """Return a share in percent, as whole numbers from ten on."""
    share = 100 * float(part) / float(whole) if whole else 0.0
    return f"{share:.0f} %" if abs(share) >= 10 else f"{share:.1f} %".replace(".0 %", " %")


def counted(number: int, what: str) -> str:
    """Return a number of things in words that agree with it."""
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def _drawable(row: Row) -> Row:
    """Return a row as a chart takes it: floats for decimals, text for dates."""
    return {
        key: float(value) if isinstance(value, Decimal) else str(value) if isinstance(value, date) else value
        for key, value in row.items()
    }


def _tooltips(rows: list[Row]) -> list[alt.Tooltip]:
    hidden = {"says", "tint", "place"}
    return [
        alt.Tooltip(f"{key}:{'Q' if isinstance(value, float) else 'N'}", format=",.2f", title=key.replace("_", " "))
        if isinstance(value, float)
        else alt.Tooltip(f"{key}:N", title=key.replace("_", " "))
        for key, value in rows[0].items()
        if key not in hidden
    ]
