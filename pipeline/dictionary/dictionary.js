"use strict";
// A table is shown where its name or comment has all words; else where a column has the rest, with these columns.
const box = document.getElementById("search");
const found = document.getElementById("found");
const text = (element) => element.textContent.toLowerCase();
const tables = [...document.querySelectorAll("details.table")].map((element) => ({
  element,
  head: text(element.querySelector("summary")),
  rows: [...element.querySelectorAll("tbody tr")].map((row) => ({
    element: row,
    text: text(row.cells[0]) + " " + text(row.cells[2]),
  })),
}));
const schemas = [...document.querySelectorAll("section.schema")];

function search() {
  const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
  let columns = 0;
  let shown = 0;
  for (const table of tables) {
    const isNamed = words.every((word) => table.head.includes(word));
    let hits = 0;
    for (const row of table.rows) {
      const isHit = words.every((word) => row.text.includes(word) || table.head.includes(word)) &&
        (isNamed || words.some((word) => row.text.includes(word)));
      row.element.hidden = words.length > 0 && !isHit;
      hits += isHit ? 1 : 0;
    }
    table.element.hidden = words.length > 0 && !isNamed && hits === 0;
    table.element.open = words.length > 0 && !isNamed && hits > 0;
    if (!table.element.hidden) {
      shown += 1;
      columns += hits;
    }
  }
  for (const schema of schemas) {
    schema.hidden = words.length > 0 && !schema.querySelector("details.table:not([hidden])");
  }
  document.body.classList.toggle("searching", words.length > 0);
  found.textContent = words.length > 0 ? `${columns} columns in ${shown} tables` : "";
}

// A link to a table opens it.
function reveal() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target && target.matches("details")) {
    if (target.hidden) {
      box.value = "";
      search();
    }
    target.open = true;
    target.scrollIntoView();
  }
}

// Paper has nothing to click on: what is shown is printed open.
let closed = [];
addEventListener("beforeprint", () => {
  closed = tables.filter((table) => !table.element.open);
  for (const table of closed) table.element.open = true;
});
addEventListener("afterprint", () => {
  for (const table of closed) table.element.open = false;
});
addEventListener("hashchange", reveal);
addEventListener("keydown", (event) => {
  if (event.key === "/" && document.activeElement !== box) {
    event.preventDefault();
    box.focus();
  }
});
box.addEventListener("input", search);
search();
reveal();
