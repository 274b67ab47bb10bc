// Everything that is known of the one handle that was chosen.

import { make, setChildren, setShown, setText } from "./dom.js";
import { fdOf } from "./naming.js";
import { bytesText, countOf, digits, timeText } from "./words.js";

/**
 * @typedef {import("./frame.js").Frame} Frame
 * @typedef {import("./frame.js").HandleRecord} HandleRecord
 * @typedef {import("./panel.js").View} View
 */

const INTERESTS = ["nothing", "to read", "to write", "to read and to write"];

/**
 * What the card says of a handle: pairs of a name and a value.
 * @param {HandleRecord} one
 * @param {Frame} frame
 * @param {boolean} full
 * @returns {[string, string][]}
 */
export function cardLines(one, frame, full) {
  /** @type {[string, string][]} */
  const lines = [["waited for", INTERESTS[one.mask & 3] ?? ""]];
  const running = frame.running?.key === one.key;
  lines.push([
    "now",
    running ? "its handler runs" : one.ready ? `ready ${INTERESTS[one.ready & 3]}` : "quiet",
  ]);
  if (full) {
    if (one.cb) lines.push(["handler", one.cb]);
    lines.push(["received, sent", `${bytesText(one.received)}, ${bytesText(one.sent)}`]);
    lines.push(["owed by the program", bytesText(one.owed)]);
    const inKernel =
      one.role === "listener"
        ? countOf(one.unread, "connection")
        : `${bytesText(one.unread)} unread, ${bytesText(one.unsent)} unsent`;
    lines.push(["in the kernel", inKernel]);
    if (one.runs > 0) {
      lines.push(["handler time", `${timeText(one.handled)} in ${countOf(one.runs, "run")}`]);
    }
  }
  lines.push(["calls", `${digits(one.calls)}, wasted ${digits(one.wasted)}`]);
  if (one.last) {
    const ago = frame.t > one.at ? `, ${timeText(frame.t - one.at)} ago` : "";
    lines.push(["last call", `${one.last}${one.err ? `: ${one.err}` : ""}${ago}`]);
  }
  if (one.eof) lines.push(["the client", "has shut its side: it sends no more"]);
  return lines;
}

/**
 * @param {() => void} close
 */
export function makeCard(close) {
  const title = make("b", "rk-card-title");
  const sub = make("span", "rk-card-sub");
  const shut = make("button", "rk-button rk-small", "Close");
  shut.type = "button";
  shut.setAttribute("aria-label", "Close the card");
  shut.addEventListener("click", close);
  const list = make("dl", "rk-card-list");
  const node = make("aside", "rk-card", make("div", "rk-card-head", title, sub, shut), list);
  node.hidden = true;
  /** @type {{dt: HTMLElement, dd: HTMLElement}[]} */
  const rows = [];

  function draw(/** @type {Frame} */ frame, /** @type {View} */ view) {
    const one = frame.picked;
    setShown(node, one !== null);
    if (one === null) return;
    setText(title, view.names.who(one.key));
    const again = one.gen > 0 ? `, the ${one.gen + 1}. with this number` : "";
    setText(sub, `fd ${fdOf(one.key)}${again}${one.peer ? ` · ${one.peer}` : ""}`);
    const lines = cardLines(one, frame, view.full);
    lines.forEach(([name, value], i) => {
      rows[i] ??= { dt: make("dt"), dd: make("dd") };
      const row = rows[i];
      setText(row.dt, name);
      setText(row.dd, value);
    });
    setChildren(
      list,
      rows.slice(0, lines.length).flatMap(({ dt, dd }) => [dt, dd]),
    );
  }

  return { node, draw };
}
