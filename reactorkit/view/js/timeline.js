// What has happened, line by line, newest below; only the lines in sight are in the page.

import { make, makeSize, setAttribute, setText } from "./dom.js";
import { rowsInView } from "./layout.js";
import { bytesText, countOf, digits, shortName } from "./words.js";

/**
 * @typedef {import("./frame.js").Frame} Frame
 * @typedef {import("./naming.js").Names} Names
 * @typedef {import("./panel.js").View} View
 * @typedef {{t: number, op: string, key: string, n: number, text: string}} Entry
 */

const RECEIVING = new Set(
  "recv recv_into recvfrom recvfrom_into recvmsg recvmsg_into read".split(" "),
);
const SENDING = new Set("send sendall sendto sendmsg sendfile write".split(" "));

/**
 * One entry in words: a sign, what happened, and a tone.
 * @param {Entry} entry
 * @param {Names} names
 * @returns {{sign: string, what: string, tone: string}}
 */
export function entryWords(entry, names) {
  const { op, key, n, text } = entry;
  const who = key ? names.who(key) : "";
  const wrong = text && (RECEIVING.has(op) || SENDING.has(op) || op === "accept");
  if (wrong) return { sign: "✕", what: `${who} ${op}: ${text}`, tone: "warn" };
  if (RECEIVING.has(op)) {
    if (n === 0) return { sign: "⊣", what: `${who} sends no more`, tone: "" };
    return { sign: "←", what: `${who} ${op} ${bytesText(n)}`, tone: "" };
  }
  if (SENDING.has(op)) return { sign: "→", what: `${who} ${op} ${bytesText(n)}`, tone: "" };
  switch (op) {
    case "wake":
      return { sign: "▲", what: `woke: ${digits(n)} ready`, tone: "ready" };
    case "begin":
      return { sign: "▶", what: `${shortName(text) || "handler"} ${who}`.trim(), tone: "run" };
    case "accept":
      return { sign: "+", what: "accept: a new client", tone: "" };
    case "open":
      return { sign: "+", what: `${who} opened ${text}`.trim(), tone: "" };
    case "close":
      return { sign: "−", what: `${who} closed`, tone: "" };
    case "error":
      return { sign: "✕", what: `${who} ${text}`.trim(), tone: "warn" };
    case "agg":
      return { sign: "Σ", what: `${countOf(n, "call")}, told as a sum`, tone: "soft" };
    case "drop":
      return {
        sign: "✕",
        what: `${countOf(n, "event")} lost on the way to the board`,
        tone: "warn",
      };
    case "note":
      return { sign: "i", what: text, tone: "soft" };
    case "pause":
    case "run":
    case "step":
    case "until":
      return { sign: "‖", what: text ? `${op} (${text})` : op, tone: "soft" };
    default:
      return {
        sign: "·",
        what: `${who} ${op}${n ? ` ${digits(n)}` : ""} ${text}`.trim(),
        tone: "",
      };
  }
}

/** The list of one server. */
export function makeTimeline() {
  const inner = make("div", "rk-lines");
  const scroll = make("div", "rk-timeline", inner);
  scroll.tabIndex = 0;
  scroll.setAttribute("role", "log");
  scroll.setAttribute("aria-live", "off");
  scroll.setAttribute("aria-label", "What has happened");
  /** @type {{node: HTMLElement, t: HTMLElement, sign: HTMLElement, what: HTMLElement}[]} */
  const lines = [];
  /** @type {Entry[]} */
  let entries = [];
  /** @type {Names|null} */
  let names = null;
  const size = makeSize(scroll);
  let zero = 0;
  let top = -1; // how far it is scrolled
  let rowHeight = 0;
  let follows = true; // the newest line stays in sight until somebody scrolls away from it

  function lineAt(/** @type {number} */ i) {
    let line = lines[i];
    if (!line) {
      const t = make("span", "rk-line-t");
      const sign = make("span", "rk-line-sign");
      const what = make("span", "rk-line-what");
      line = { node: make("div", "rk-line", t, sign, what), t, sign, what };
      lines[i] = line;
      inner.append(line.node);
    }
    return line;
  }

  function fill() {
    if (!names || rowHeight === 0) return;
    const { first, last } = rowsInView(entries.length, rowHeight, top, size.now().height);
    for (let i = first; i < last; i += 1) {
      const entry = entries[i];
      const line = lineAt(i - first);
      if (!entry) continue;
      const { sign, what, tone } = entryWords(entry, names);
      const place = `translateY(${i * rowHeight}px)`;
      if (line.node.style.transform !== place) line.node.style.transform = place;
      line.node.hidden = false;
      setText(line.t, ((entry.t + zero) / 1e9).toFixed(3));
      setText(line.sign, sign);
      setText(line.what, what);
      setAttribute(line.node, "data-tone", tone || null);
    }
    for (let i = last - first; i < lines.length; i += 1) {
      const line = lines[i];
      if (line && !line.node.hidden) line.node.hidden = true;
    }
  }

  scroll.addEventListener("scroll", () => {
    top = scroll.scrollTop;
    follows = top + size.now().height >= (entries.length - 1) * rowHeight;
    fill();
  });
  scroll.addEventListener("keydown", (event) => {
    if (["ArrowUp", "ArrowDown"].includes(event.key)) event.stopPropagation();
  });

  function draw(/** @type {Frame} */ frame, /** @type {View} */ view) {
    entries = frame.timeline;
    zero = frame.place.zero;
    names = view.names;
    if (rowHeight === 0) {
      rowHeight = Math.max(
        1,
        Math.round(Number.parseFloat(getComputedStyle(scroll).fontSize) * 1.6),
      );
      scroll.style.setProperty("--rk-line-height", `${rowHeight}px`);
    }
    const height = `${entries.length * rowHeight}px`;
    if (inner.style.height !== height) inner.style.height = height;
    if (follows) {
      const bottom = Math.max(0, entries.length * rowHeight - size.now().height);
      if (bottom !== top) {
        top = bottom;
        scroll.scrollTop = bottom;
      }
    }
    fill();
  }

  return {
    node: scroll,
    draw,
    forget() {
      rowHeight = 0;
      top = -1;
      size.forget();
    },
  };
}
