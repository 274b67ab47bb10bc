// The columns of the table: what each says of a handle, and which of them there is room for.

import { make, setAttribute, setClass, setText, setVariable } from "./dom.js";
import { bytesText, digits, shortName, timeText } from "./words.js";

/**
 * @typedef {import("./frame.js").Frame} Frame
 * @typedef {import("./frame.js").HandleRecord} HandleRecord
 * @typedef {import("./panel.js").View} View
 *
 * @typedef {object} Column
 * @property {string} id
 * @property {string} head     what stands above it
 * @property {string} title    what it means
 * @property {(cell: HTMLElement, one: HandleRecord, row: Row, frame: Frame, view: View) => void} draw
 * @property {"simple"|"full"} [from]   the least detail that shows it
 * @property {"loop"|"busy"} [only]     the kind of server that has it
 * @property {boolean} [number]         it stands at the right
 * @property {number} width             in em
 * @property {number} [spare]           where room is short the highest goes first; none: it stays
 *
 * @typedef {object} Row
 * @property {HTMLTableRowElement} node
 * @property {HTMLElement[]} cells    what is inside them: a change there moves nothing else
 * @property {number} wasted    at the last drawing
 * @property {number} heat      how fast that grows: 0..1
 * @property {string} source    what it was last drawn from
 */

export const COLD = 0.02; // of a row's heat: from here down it is shown as none

/** A chip for one direction: waited for, or ready. */
function drawInterest(
  /** @type {HTMLElement} */ cell,
  /** @type {number} */ bit,
  /** @type {HandleRecord} */ one,
) {
  let chip = /** @type {HTMLElement|null} */ (cell.firstElementChild);
  if (chip === null) {
    chip = make("span", "rk-chip", "");
    cell.append(chip);
  }
  const ready = (one.ready & bit) !== 0;
  const waited = (one.mask & bit) !== 0;
  setClass(chip, "rk-is-ready", ready);
  setClass(chip, "rk-is-waited", waited && !ready);
  setText(chip, ready ? "ready" : waited ? "waits" : "");
}

/** A number with a bar beneath, which grows by halves of a megabyte's logarithm. */
function drawAmount(/** @type {HTMLElement} */ cell, /** @type {number} */ bytes) {
  setText(cell, bytes > 0 ? bytesText(bytes) : "");
  const share = bytes > 0 ? Math.min(1, Math.log2(1 + bytes) / 20) : 0;
  setVariable(cell, "--rk-bar", share.toFixed(2));
}

export function stateOf(/** @type {HandleRecord} */ one, /** @type {Frame} */ frame) {
  if (frame.running?.key === one.key) return "running";
  const { held } = frame;
  if (held?.key === one.key && held.at !== "kernel" && frame.paused !== null) return "next";
  return one.ready ? "ready" : "";
}

const STATE_WORDS = new Map([
  ["running", "runs now"],
  ["next", "comes next"],
  ["ready", "ready"],
  ["", ""],
]);

/** A number that warns, on a ground that glows while it grows. */
function drawWasted(
  /** @type {HTMLElement} */ cell,
  /** @type {HandleRecord} */ one,
  /** @type {Row} */ row,
) {
  setText(cell, one.wasted ? digits(one.wasted) : "");
  setClass(cell, "rk-warns", one.wasted > 0);
  const grown = one.wasted - row.wasted;
  row.wasted = one.wasted;
  row.heat = grown > 0 ? Math.min(1, 0.35 + Math.log10(grown) / 5) : row.heat * 0.7;
  if (row.heat < COLD) row.heat = 0;
  setVariable(cell, "--rk-heat", row.heat ? row.heat.toFixed(2) : "0");
}

/** @type {Column[]} */
const COLUMNS = [
  {
    id: "state",
    width: 2.2,
    head: "",
    title: "Who runs now, who is next, who is ready",
    draw(cell, one, row, frame) {
      const state = stateOf(one, frame);
      if (row.node.dataset.state === state) return;
      row.node.dataset.state = state;
      const box = cell.parentElement;
      if (box) setAttribute(box, "aria-label", STATE_WORDS.get(state) || null);
    },
  },
  {
    id: "fd",
    width: 3.6,
    number: true,
    head: "fd",
    title: "The descriptor; after # how often this number had been given out before",
    draw(cell, one, _row, _frame, view) {
      const again = view.full && one.gen > 0 ? `#${one.gen}` : "";
      setText(cell, `${one.fd}${again}`);
    },
  },
  {
    id: "who",
    width: 9,
    head: "who",
    title: "Clients are numbered in the order in which they are seen",
    draw(cell, one, _row, _frame, view) {
      // The spaces keep the words of a row apart for whoever reads or copies its text.
      if (cell.firstElementChild === null) cell.append(" ", make("b"), " ", make("small"), " ");
      const [name, more] = /** @type {[HTMLElement, HTMLElement]} */ ([...cell.children]);
      setText(name, view.names.who(one.key));
      const gone = one.err === "ECONNRESET" || one.err === "EPIPE";
      const said = gone ? "reset" : one.eof ? "EOF" : "";
      setAttribute(more, "title", said && !gone ? "It has shut its side: it sends no more" : null);
      setText(more, said || (view.full ? one.peer : ""));
      setClass(more, "rk-peer", !said);
      setClass(more, "rk-warns", gone);
    },
  },
  {
    id: "read",
    width: 5.4,
    head: "read",
    title: "Is the server waiting for something to read, and is there something?",
    only: "loop",
    draw: (cell, one) => drawInterest(cell, 1, one),
  },
  {
    id: "write",
    width: 5.4,
    head: "write",
    title: "Is the server waiting for room to write, and is there room?",
    only: "loop",
    draw: (cell, one) => drawInterest(cell, 2, one),
  },
  {
    id: "handler",
    width: 8,
    head: "now",
    title: "The handler that runs",
    draw(cell, one, _row, frame, view) {
      const { running, held } = frame;
      const state = stateOf(one, frame);
      const now = state === "running" ? running?.cb : state === "next" ? held?.cb : "";
      const name = now || (view.full ? one.cb : "");
      const text = name ? shortName(name) : state === "running" ? "runs" : "";
      setText(cell, state === "next" ? (text ? `next: ${text}` : "next") : text);
      setAttribute(cell, "title", name || null);
    },
  },
  {
    id: "asked",
    width: 8,
    number: true,
    head: "asked",
    title: "How often the server has called something on it",
    only: "busy",
    draw: (cell, one) => setText(cell, digits(one.calls)),
  },
  {
    id: "owed",
    width: 6.2,
    spare: 1,
    number: true,
    head: "owed",
    title: "Bytes that wait in the program until they can be sent",
    from: "full",
    draw: (cell, one) => drawAmount(cell, one.owed),
  },
  {
    id: "unread",
    width: 6.2,
    spare: 4,
    number: true,
    head: "unread",
    title: "In the kernel: bytes that have come and nobody has read; a listener: connections",
    from: "full",
    draw(cell, one) {
      if (one.role === "listener") setText(cell, one.unread ? digits(one.unread) : "");
      else drawAmount(cell, one.unread);
    },
  },
  {
    id: "unsent",
    width: 6.2,
    spare: 3,
    number: true,
    head: "unsent",
    title: "In the kernel: bytes that were sent and that the client has not taken yet",
    from: "full",
    draw: (cell, one) => drawAmount(cell, one.unsent),
  },
  {
    id: "in",
    width: 6,
    spare: 5,
    number: true,
    head: "in",
    title: "Bytes received",
    from: "full",
    draw: (cell, one) => setText(cell, one.role === "client" ? bytesText(one.received) : ""),
  },
  {
    id: "out",
    width: 6,
    spare: 6,
    number: true,
    head: "out",
    title: "Bytes sent",
    from: "full",
    draw: (cell, one) => setText(cell, one.role === "client" ? bytesText(one.sent) : ""),
  },
  {
    id: "time",
    width: 5.6,
    spare: 8,
    number: true,
    head: "time",
    title: "How long its handler has run, all in all",
    from: "full",
    only: "loop",
    draw: (cell, one) => setText(cell, one.runs ? timeText(one.handled) : ""),
  },
  {
    id: "wasted",
    width: 6.4,
    number: true,
    head: "wasted",
    title: "Calls that found nothing",
    only: "loop",
    draw: drawWasted,
  },
  {
    id: "wasted",
    width: 9.5,
    number: true,
    head: "wasted",
    title: "Calls that found nothing",
    only: "busy",
    draw: drawWasted,
  },
];

export function columnClass(/** @type {Column} */ column) {
  return `rk-c-${column.id}${column.number ? " rk-c-num" : ""}`;
}

/**
 * The columns of a table, from left to right, as many as there is room for.
 * @param {string} kind
 * @param {boolean} full
 * @param {number} [room]   in em
 */
export function columnsFor(kind, full, room = Number.POSITIVE_INFINITY) {
  const wanted = COLUMNS.filter(
    (column) => (!column.only || column.only === kind) && (full || column.from !== "full"),
  );
  const spare = wanted.filter((column) => column.spare !== undefined);
  spare.sort((a, b) => (b.spare ?? 0) - (a.spare ?? 0));
  let columns = wanted;
  for (const column of spare) {
    if (widthOf(columns) <= room) break;
    columns = columns.filter((one) => one !== column);
  }
  return columns;
}

/** How wide columns are together, in em. */
export function widthOf(/** @type {Column[]} */ columns) {
  return columns.reduce((sum, column) => sum + column.width, 0);
}
