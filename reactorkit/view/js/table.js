// The handles as a table: rows are kept and changed in place, so focus and selection survive.

import { COLD, columnClass, columnsFor, stateOf, widthOf } from "./columns.js";
import { make, setAttribute, setChildren, setShown, setText } from "./dom.js";
import { fits } from "./naming.js";

/**
 * @typedef {import("./frame.js").Frame} Frame
 * @typedef {import("./frame.js").HandleRecord} HandleRecord
 * @typedef {import("./panel.js").View} View
 * @typedef {import("./columns.js").Column} Column
 * @typedef {import("./columns.js").Row} Row
 */

/**
 * All that a row's cells are drawn from: while it stays the same they are left alone.
 * @param {HandleRecord} one
 * @param {Frame} frame
 * @param {View} view
 */
function sourceOf(one, frame, view) {
  const state = stateOf(one, frame);
  const handler = state === "running" ? frame.running?.cb : state === "next" ? frame.held?.cb : "";
  return `${state} ${handler} ${view.names.who(one.key)} ${Object.values(one).join(" ")}`;
}

/**
 * The table of one server.
 * @param {(key: string) => void} pick
 */
export function makeTable(pick) {
  const head = make("tr");
  const body = make("tbody");
  const table = make("table", "rk-table", make("thead", "", head), body);
  const node = make("div", "rk-scroll", table);
  /** @type {Map<string, Row>} */
  const rows = new Map();
  /** @type {Column[]} */
  let columns = [];
  let shape = "";
  let last = "";
  let stale = true; // the room may have changed
  const loose = make("tr", "rk-loose", make("td"), make("td"), make("td"));
  const looseName = make("b");
  loose.children[2]?.append("callbacks of no descriptor ", looseName);

  /** Lay the columns out anew, if the kind of server, the detail or the room has changed. */
  function build(/** @type {View} */ view) {
    const { kind, full } = view;
    const size = Number.parseFloat(getComputedStyle(node).fontSize) || 14;
    const room = node.clientWidth > 0 ? node.clientWidth / size : Number.POSITIVE_INFINITY;
    const wanted = columnsFor(kind, full, room);
    const peers = full && room - widthOf(wanted) > 10.5;
    const now = `${kind} ${full} ${peers} ${wanted.map((column) => column.id)}`;
    if (now === shape) return;
    shape = now;
    columns = wanted;
    table.dataset.peers = String(peers);
    rows.clear();
    setChildren(body, []);
    const cells = columns.map((column) => {
      const cell = make("th", columnClass(column), column.head);
      cell.scope = "col";
      cell.title = column.title;
      const wide = column.id === "who" && peers ? column.width + 10.5 : column.width;
      if (column.id !== "handler") cell.style.width = `${wide}em`;
      return cell;
    });
    setChildren(head, cells);
    table.dataset.kind = kind;
    const last = /** @type {HTMLTableCellElement} */ (loose.children[2]);
    last.colSpan = columns.length - 2;
  }

  function makeRow(/** @type {HandleRecord} */ one) {
    const cells = columns.map(() => make("span", "rk-v"));
    const boxes = columns.map((column, i) => make("td", columnClass(column), cells[i] ?? ""));
    const row = make("tr", "", ...boxes);
    row.tabIndex = -1;
    row.dataset.key = one.key;
    /** @type {Row} */
    const made = { node: row, cells, wasted: one.wasted, heat: 0, source: "" };
    rows.set(one.key, made);
    return made;
  }

  body.addEventListener("click", (event) => {
    const row = event.target instanceof Element ? event.target.closest("tr") : null;
    if (row?.dataset.key !== undefined) pick(row.dataset.key);
  });
  body.addEventListener("keydown", (event) => {
    const here = document.activeElement;
    if (!(here instanceof HTMLElement) || !body.contains(here)) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      const way = event.key === "ArrowDown" ? "nextElementSibling" : "previousElementSibling";
      const next = here[way];
      if (next instanceof HTMLElement && next.dataset.key !== undefined) next.focus();
    } else if (event.key === "Enter" && here.dataset.key !== undefined) {
      pick(here.dataset.key);
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  });

  function draw(/** @type {Frame} */ frame, /** @type {View} */ view) {
    if (`${view.kind} ${view.full}` !== last || stale) build(view);
    last = `${view.kind} ${view.full}`;
    stale = false;
    /** @type {HTMLTableRowElement[]} */
    const nodes = [];
    const known = new Set();
    let first = true;
    for (const one of frame.handles) {
      const row = rows.get(one.key) ?? makeRow(one);
      known.add(one.key);
      const source = sourceOf(one, frame, view);
      if (source !== row.source || row.heat >= COLD) {
        row.source = source;
        columns.forEach((column, place) => {
          column.draw(/** @type {HTMLElement} */ (row.cells[place]), one, row, frame, view);
        });
      }
      const picked = view.picked === one.key;
      setAttribute(row.node, "aria-selected", picked ? "true" : null);
      const here = picked || (first && view.picked === "");
      if (row.node.tabIndex !== (here ? 0 : -1)) row.node.tabIndex = here ? 0 : -1;
      setShown(row.node, fits(view.filter, one, view.names.who(one.key)));
      nodes.push(row.node);
      first = false;
    }
    if (frame.style === "asyncio") {
      const { running } = frame;
      const alone = running !== null && running.key === "";
      loose.dataset.state = alone ? "running" : "";
      setText(looseName, alone ? running.cb || "a callback" : "");
      nodes.push(loose);
    }
    for (const key of rows.keys()) if (!known.has(key)) rows.delete(key);
    setChildren(body, nodes);
  }

  return {
    node,
    draw,
    forget() {
      stale = true;
    },
  };
}
