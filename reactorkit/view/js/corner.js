// The foot of a server: what it printed, what the board has to say, and what watching costs.

import { make, setAttribute, setChildren, setClass, setShown, setText } from "./dom.js";
import { isKnown } from "./summary.js";
import { countOf, shareText } from "./words.js";

/**
 * @typedef {import("./frame.js").Frame} Frame
 * @typedef {import("./panel.js").View} View
 */

const LINES_SHOWN = 50;

/** What watching costs, and how far behind the picture is; "" where nothing is known. */
export function costWords(/** @type {Frame} */ frame) {
  const { probe, dropped, latency_ms: latency, fps } = frame.costs;
  const words = [];
  if (probe !== null) words.push(`watching costs ${shareText(probe)}`);
  words.push(dropped > 0 ? `${countOf(dropped, "event")} lost` : "nothing lost");
  if (latency !== null) words.push(`${Math.round(latency)} ms behind`);
  if (fps !== null) words.push(`${Math.round(fps)} pictures/s`);
  if (!frame.every) words.push("sums, not single calls");
  return words.join(" · ");
}

/** The notes, and the costs in the corner. */
export function makeCorner() {
  const notes = make("span", "rk-notes");
  const costs = make("span", "rk-costs");
  const node = make("footer", "rk-foot", notes, costs);

  function draw(/** @type {Frame} */ frame, /** @type {View} */ view) {
    const said = view.projector || view.compact ? "" : frame.notes.join(" ");
    setText(notes, said);
    setAttribute(notes, "title", said || null);
    const lost = frame.costs.dropped > 0;
    const told = (view.full && !view.projector && isKnown(frame)) || lost;
    setText(costs, told ? costWords(frame) : "");
    setClass(costs, "rk-warns", lost);
    setShown(node, (notes.textContent ?? "") !== "" || (costs.textContent ?? "") !== "");
  }

  return { node, draw };
}

/** The lines that the server printed. */
export function makeLog() {
  const list = make("div", "rk-log");
  list.tabIndex = 0;
  list.setAttribute("role", "log");
  list.setAttribute("aria-label", "What the server printed");
  /** @type {HTMLElement[]} */
  const lines = [];
  const nothing = make("p", "rk-soft-words", "The server has printed nothing.");
  let last = "";

  function draw(/** @type {Frame} */ frame, /** @type {boolean} */ open) {
    setShown(list, open);
    if (!open) return;
    const shown = frame.log.slice(-LINES_SHOWN);
    const newest = shown.at(-1);
    const mark = `${shown.length} ${newest?.t ?? ""} ${newest?.text ?? ""}`;
    if (mark === last) return;
    last = mark;
    const follows = list.scrollTop + list.clientHeight >= list.scrollHeight - 4;
    shown.forEach(({ text, stream }, i) => {
      lines[i] ??= make("div", "rk-log-line");
      const line = lines[i];
      setText(line, text);
      setClass(line, "rk-warns", stream === "err");
    });
    setChildren(list, shown.length > 0 ? lines.slice(0, shown.length) : [nothing]);
    if (follows) list.scrollTop = list.scrollHeight;
  }

  return { node: list, draw };
}
