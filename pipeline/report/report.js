// The report's page: picks rows by seller, currency and brand, and shows them in tiles, charts and tables.
"use strict";
(async () => {
  const packed = Uint8Array.from(atob(document.getElementById("data").textContent), (letter) => letter.charCodeAt(0));
  const data = await new Response(new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"))).json();
  const picked = { seller: "", currency: "", brand: "" };
  const colours = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#999999", "#f0e442"];
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const place = (figure, name) => data.figures[figure].columns.findIndex((column) => column[0] === name);
  const has = (figure, name) => place(figure, name) >= 0;

  // Amounts are summed in cents: sums of floats would not foot.
  const cents = (value) => Math.round((value ?? 0) * 100);
  const amount = (value) => value === null ? "" : new Intl.NumberFormat("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 }).format(value);
  const number = (value, digits = 0) => value === null ? "" : new Intl.NumberFormat("en-US", { maximumFractionDigits: digits }).format(value);
  const brief = (name) => name.length > 60 ? `${name.slice(0, 59)}…` : name;
  const share = (value) => value === null ? "" : `${number(value * 100, 1)} %`;
  const shown = { money: amount, number: (value) => number(value, 2), share, days: (value) => number(value, 1),
    text: (value) => value ?? "", long: (value) => value ?? "", date: (value) => value ?? "",
    flag: (value) => value === null ? "" : value ? "yes" : "no" };

  function rows(figure) {
    const known = Object.keys(picked).filter((name) => picked[name] !== "" && has(figure, name));
    const names = data.figures[figure].columns.map((column) => column[0]);
    return data.figures[figure].rows
      .filter((row) => known.every((name) => row[place(figure, name)] === picked[name]))
      .map((row) => Object.fromEntries(names.map((name, index) => [name, row[index]])));
  }
  function total(list, name) {
    return list.reduce((sum, row) => sum + cents(row[name]), 0) / 100;
  }
  function grouped(list, name, value) {
    const sums = new Map();
    for (const row of list) sums.set(row[name], (sums.get(row[name]) ?? 0) + cents(row[value]));
    return [...sums].map(([key, sum]) => [key, sum / 100]);
  }

  // Picks. Amounts of several currencies are never summed, so that one is always picked.
  const choices = (name) => [...new Set(Object.keys(data.figures).filter((figure) => has(figure, name))
    .flatMap((figure) => data.figures[figure].rows.map((row) => row[place(figure, name)])))]
    .filter((value) => value !== null).sort();
  for (const name of Object.keys(picked)) {
    const select = document.getElementById(`pick-${name}`);
    const values = choices(name);
    if (name !== "currency") select.add(new Option("all", ""));
    for (const value of values) select.add(new Option(brief(value), value));
    if (name === "currency") {
      const open = grouped(rows("receivables"), "currency", "open_net").sort((a, b) => b[1] - a[1]);
      picked.currency = select.value = open.length ? open[0][0] : values[0] ?? "";
    }
    select.addEventListener("change", () => { picked[name] = select.value; show(); });
  }

  // Tiles.
  function tile(label, value, kind = "") {
    const box = document.createElement("div");
    box.className = `tile ${kind}`;
    const strong = document.createElement("b");
    strong.textContent = value;
    const small = document.createElement("span");
    small.textContent = label;
    box.append(strong, small);
    return box;
  }
  function showTiles() {
    const list = rows("receivables");
    const money = (name) => `${amount(total(list, name))} ${picked.currency}`;
    document.getElementById("tiles").replaceChildren(
      tile("open", money("open_net")), tile("past due", money("past_due"), "late"),
      tile("over 60 days late", money("over_60")), tile("unapplied credit", money("unapplied_credit")),
      tile("open orders", number(list.reduce((sum, row) => sum + row.open_orders, 0))),
      ...(list.length === 1 && list[0].dso !== null ? [tile("days of sales outstanding", number(list[0].dso, 1))] : []));
  }

  // Charts. Each finds its title in what it shows.
  const charts = new Map();
  function chart(name, title, option) {
    document.getElementById(`title-${name}`).textContent = title;
    const ink = getComputedStyle(document.body).color;
    const box = document.getElementById(`chart-${name}`);
    if (!charts.has(name)) charts.set(name, echarts.init(box, null, { renderer: "canvas" }));
    const axis = { axisLabel: { color: ink }, axisLine: { lineStyle: { color: ink } }, splitLine: { lineStyle: { opacity: 0.25 } } };
    const fit = (given) => ({ ...axis, ...given, axisLabel: { ...axis.axisLabel, ...given.axisLabel } });
    charts.get(name).setOption({
      animation: false, color: colours, textStyle: { color: ink }, legend: { textStyle: { color: ink }, ...(option.legend ?? { show: false }) },
      tooltip: { trigger: "axis", renderMode: "richText", valueFormatter: (value) => value === undefined ? "" : amount(value), ...(option.tooltip ?? {}) },
      grid: { left: 12, right: 24, top: option.legend ? 40 : 16, bottom: 12, containLabel: true },
      xAxis: fit(option.xAxis), yAxis: fit(option.yAxis), series: option.series,
    }, true);
  }
  const short = (value) => new Intl.NumberFormat("en-US", { notation: "compact", maximumFractionDigits: 1 }).format(value);
  const amounts = { type: "value", axisLabel: { formatter: short } };
  const bars = (list) => ({ // names down the side, the largest on top
    xAxis: amounts, yAxis: { type: "category", inverse: true, data: list.map((row) => row[0] ?? "none"), axisLabel: { width: 160, overflow: "truncate" } },
    series: [{ type: "bar", data: list.map((row) => row[1]) }],
  });

  function showAgeing() {
    const list = rows("receivables");
    const columns = data.figures.receivables.columns.filter((column) => column[3] && column[2] === "money");
    const buckets = columns.map((column) => [column[1], total(list, column[0])]);
    const open = buckets.reduce((sum, bucket) => sum + cents(bucket[1]), 0) / 100;
    const late = total(list, "past_due");
    const title = open === 0 ? "Nothing is owed" : `${share(late / open)} of ${amount(open)} ${picked.currency} is past due`;
    chart("ageing", title, { xAxis: { type: "category", data: buckets.map((bucket) => bucket[0]), axisLabel: { interval: 0, hideOverlap: true } }, yAxis: amounts,
      series: [{ type: "bar", data: buckets.map((bucket) => bucket[1]) }] });
  }
  function showCloses() {
    const list = rows("closes");
    const days = [...new Set(list.map((row) => row.day))].sort();
    const line = (name) => days.map((day) => [day, total(list.filter((row) => row.day === day), name)]);
    const open = line("open_net");
    const moved = open.length > 1 ? open[open.length - 1][1] - open[0][1] : 0;
    const title = open.length > 1 ? `Receivables ${moved < 0 ? "fell" : "rose"} by ${amount(Math.abs(moved))} ${picked.currency} since ${open[0][0]}` : "Receivables by day";
    chart("closes", title, { legend: { show: true, top: 0 }, xAxis: { type: "time" }, yAxis: amounts, series: [
      { name: "open", type: "line", showSymbol: false, data: open }, { name: "past due", type: "line", showSymbol: false, data: line("past_due") }] });
  }
  function showCash() {
    const list = rows("cash");
    const weeks = grouped(list, "week_start", "expected").sort((a, b) => a[0] < b[0] ? -1 : 1);
    const due = new Map(grouped(list, "week_start", "due"));
    const month = weeks.slice(0, 4).reduce((sum, week) => sum + cents(week[1]), 0) / 100;
    chart("cash", `${amount(month)} ${picked.currency} should come in the next four weeks`, { legend: { show: true, top: 0 },
      xAxis: { type: "category", data: weeks.map((week) => week[0]) }, yAxis: amounts, series: [
        { name: "expected by habit", type: "bar", data: weeks.map((week) => week[1]) },
        { name: "due", type: "bar", data: weeks.map((week) => due.get(week[0])) }] });
  }
  function showMonths() {
    const list = rows("months");
    const months = grouped(list, "month", "net_sales").sort((a, b) => a[0] < b[0] ? -1 : 1);
    const last = months[months.length - 1];
    const before = months[months.length - 2];
    const title = last && before && before[1] !== 0
      ? `Net sales of ${last[0].slice(0, 7)}: ${amount(last[1])} ${picked.currency}, ${share(last[1] / before[1] - 1)} on the month before` : "Net sales by month";
    chart("months", title, { xAxis: { type: "category", data: months.map((month) => month[0].slice(0, 7)) }, yAxis: amounts,
      series: [{ type: "bar", data: months.map((month) => month[1]) }] });
  }
  function showBrands() {
    const list = grouped(rows("brands"), "brand", "net_sales").sort((a, b) => b[1] - a[1]).slice(0, 12);
    const all = total(rows("brands"), "net_sales");
    const title = list.length && all > 0 ? `${brief(list[0][0] ?? "No brand")} makes ${share(list[0][1] / all)} of the last month's net sales` : "Brands by net sales";
    chart("brands", title, bars(list));
  }
  function showStock() {
    const list = rows("stock");
    const states = ["sold out", "runs out", "sells", "sits"].map((state) => [state, list.filter((row) => row.state === state).length]);
    const title = `${number(states[0][1] + states[1][1])} products are sold out or run out within two weeks, ${number(states[3][1])} did not sell`;
    chart("stock", title, { ...bars(states), tooltip: { valueFormatter: (value) => `${number(value)} products` } });
  }
  function showReorders() {
    const list = grouped(rows("reorders").filter((row) => row.state !== "lapsed"), "customer_name", "net_sales_12m").sort((a, b) => b[1] - a[1]).slice(0, 12);
    const title = list.length ? `${brief(list[0][0])} is the largest of ${number(new Set(rows("reorders").filter((row) => row.state !== "lapsed").map((row) => row.customer_name)).size)} customers who should reorder` : "Nobody is due to reorder";
    chart("reorders", title, bars(list));
  }

  // Tables. A cell that a spreadsheet would take for a formula is downloaded as a text.
  const harmless = (value) => typeof value === "string" && /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  const unsummed = new Set(["before", "after", "low_total", "high_total"]); // sums of these mean nothing
  const tables = new Map();
  const pageSize = 15;
  function groupHeader(value, count) {
    const span = document.createElement("span");
    span.setAttribute("role", "gridcell");
    span.textContent = `${brief(String(value ?? "none"))} (${number(count)})`;
    return span;
  }
  function cell(kind) {
    return (component) => {
      const span = document.createElement("span");
      span.textContent = shown[kind](component.getValue());
      return span;
    };
  }
  for (const [name, figure] of Object.entries(data.figures)) {
    const box = document.getElementById(`table-${name}`);
    if (box === null) continue;
    const table = new Tabulator(box, {
      data: rows(name), layout: "fitDataStretch", pagination: true, paginationSize: pageSize, paginationElement: document.getElementById(`pages-${name}`), placeholder: "No rows", movableColumns: false,
      columnCalcs: "both", groupStartOpen: false, groupClosedShowCalcs: true, groupToggleElement: "header", groupHeader,
      columnDefaults: { headerHozAlign: "left", resizable: false, accessorDownload: harmless },
      columns: figure.columns.map(([field, title, kind, hidden]) => ({
        field, title, visible: !hidden, download: true, formatter: cell(kind), maxWidth: kind === "long" ? 320 : 260, minWidth: kind === "money" ? 120 : 40, tooltip: kind === "long",
        hozAlign: ["money", "number", "share", "days"].includes(kind) ? "right" : "left",
        sorter: ["text", "long", "date"].includes(kind) ? "string" : "number",
        ...(kind === "money" && !unsummed.has(field) ? { bottomCalc: (values) => values.reduce((sum, value) => sum + cents(value), 0) / 100, bottomCalcFormatter: cell("money") } : {}),
      })),
    });
    tables.set(name, table);
    table.on("renderComplete", () => reach(box, table.getDataCount("active") > 0));
    table.on("tableBuilt", () => { table.setFilter(matches(name)); fill(name, table); });
    const fold = document.getElementById(`fold-${name}`);
    for (const [field, title, kind] of figure.columns) if (["text", "date", "flag"].includes(kind)) fold.add(new Option(title, field));
    fold.addEventListener("change", async () => {
      await table.setPageSize(fold.value === "" ? pageSize : true); // a group that a page cuts would sum up less than it has
      table.setGroupBy(fold.value === "" ? false : fold.value);
    });
    box.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && event.target.classList.contains("tabulator-group")) event.target.click();
    });
    document.getElementById(`search-${name}`).addEventListener("input", () => table.setFilter(matches(name)));
    document.getElementById(`csv-${name}`).addEventListener("click", () => table.download("csv", `${name}-${data.asOf}.csv`, { bom: true }));
  }
  // What scrolls can be reached by the keyboard, and is the group of the rows to a reader of the screen.
  function reach(box, hasRows) {
    const holder = box.querySelector(".tabulator-tableholder");
    if (hasRows) { holder.setAttribute("role", "rowgroup"); holder.setAttribute("tabindex", "0"); }
    else { holder.removeAttribute("role"); holder.removeAttribute("tabindex"); }
    box.querySelector(".tabulator-table").setAttribute("role", "none");
    for (const group of box.querySelectorAll(".tabulator-group")) {
      group.setAttribute("role", "row");
      group.setAttribute("tabindex", "0");
    }
  }
  function fill(name, table) {
    table.setData(rows(name));
    const seller = has(name, "seller") ? table.getColumn("seller") : false;
    if (seller && !data.figures[name].columns[place(name, "seller")][3]) return;
    if (seller) picked.seller === "" && choices("seller").length > 1 ? seller.show() : seller.hide();
  }
  function matches(name) {
    return (row) => {
      const wanted = document.getElementById(`search-${name}`).value.trim().toLowerCase();
      return wanted === "" || Object.values(row).some((value) => String(value ?? "").toLowerCase().includes(wanted));
    };
  }

  function show() {
    showTiles();
    for (const draw of [showAgeing, showCloses, showCash, showMonths, showBrands, showStock, showReorders]) draw();
    for (const [name, table] of tables) if (table.initialized) fill(name, table);
  }
  show();
  window.addEventListener("resize", () => charts.forEach((each) => each.resize()));
  window.addEventListener("beforeprint", () => charts.forEach((each) => each.resize()));
  dark.addEventListener("change", show);
  if (data.follows) {
    setInterval(async () => {
      try {
        if ((await (await fetch("load")).text()) !== data.load) location.reload();
      } catch { /* the server is gone; the page stays as it is */ }
    }, 15000);
  }
})();
