// The loop as a diagram: where it stands, and how its time divides.

import { make, setAttribute, setClass, setShown, setText, setVariable } from "./dom.js";
import { sharesOf } from "./layout.js";
import { isFast } from "./summary.js";
import { digits, shareText, shortName, timeText } from "./words.js";

/**
 * @typedef {import("./frame.js").Frame} Frame
 * @typedef {import("./panel.js").View} View
 */

/** A station of the loop: its name, what goes on there, its share of the time. */
function makeStation(/** @type {string} */ name) {
  const title = make("span", "rk-station-name", name);
  const what = make("span", "rk-station-what");
  const share = make("span", "rk-station-share");
  const node = make("div", "rk-station", title, share, what);
  return { node, title, what, share };
}

/** The diagram of a loop: wait, ready, handlers, and around again. */
export function makeLoop() {
  const wait = makeStation("wait");
  const ready = makeStation("ready");
  const run = makeStation("handlers");
  const arrows = [make("span", "rk-arrow"), make("span", "rk-arrow")];
  for (const arrow of arrows) arrow.setAttribute("aria-hidden", "true");
  const back = make("div", "rk-return");
  back.setAttribute("aria-hidden", "true");
  const nodes = [wait.node, arrows[0] ?? "", ready.node, arrows[1] ?? "", run.node];
  const node = make("div", "rk-loop", ...nodes, back);
  wait.node.classList.add("rk-rests");
  ready.node.classList.add("rk-told");
  run.node.classList.add("rk-runs");
  node.setAttribute("role", "img");
  const stations = [wait, ready, run];

  function light(
    /** @type {ReturnType<typeof makeStation>|null} */ lit,
    /** @type {boolean} */ fast,
  ) {
    for (const station of stations) setClass(station.node, "rk-lit", station === lit && !fast);
    setClass(node, "rk-fast", fast);
  }

  function share(
    /** @type {ReturnType<typeof makeStation>} */ station,
    /** @type {number|null} */ value,
    /** @type {string} */ title,
  ) {
    setText(station.share, value === null ? "" : shareText(value));
    setVariable(station.node, "--rk-share", (value ?? 0).toFixed(3));
    setAttribute(station.node, "title", title);
  }

  function drawBusy(/** @type {Frame} */ frame, /** @type {View} */ view) {
    const shares = sharesOf(frame);
    setText(wait.title, view.compact ? "ask" : "ask all");
    setText(ready.title, view.compact ? "nothing" : "nothing there");
    setText(run.title, view.compact ? "found" : "something");
    const { calls, wasted } = frame.rates;
    const useless =
      calls > 0 ? wasted / calls : frame.totals.wasted / Math.max(1, frame.totals.calls);
    share(wait, shares.asking, "The share of its time in which it asks");
    share(ready, frame.totals.calls > 0 ? useless : null, "How many of its calls are wasted");
    share(run, frame.totals.calls > 0 ? 1 - useless : null, "How many of its calls find something");
    setText(wait.what, calls > 0 ? `${digits(calls)} calls/s` : "");
    setText(ready.what, "");
    setText(run.what, "");
    setClass(ready.node, "rk-wasteful", true);
    light(frame.ended === null && frame.paused === null ? wait : null, false);
  }

  function drawWaits(/** @type {Frame} */ frame, /** @type {View} */ view) {
    const fast = isFast(frame);
    const shares = sharesOf(frame);
    setText(wait.title, "wait");
    setText(ready.title, "ready");
    setText(run.title, view.compact ? "run" : "handlers");
    setClass(ready.node, "rk-wasteful", false);
    share(wait, shares.waiting, "The share of its time in which it waits in the kernel");
    share(run, shares.handling, "The share of its time in which handlers run");
    share(ready, null, "How many handles the kernel has reported and nobody has served yet");
    const { phase, running } = frame;
    const limit = frame.timeout === null ? "" : `, ≤ ${timeText(frame.timeout * 1e9)}`;
    setText(wait.what, frame.watched > 0 ? `for ${digits(frame.watched)}${limit}` : "");
    const found = fast && frame.rates.turns > 0 ? frame.rates.found / frame.rates.turns : null;
    const told = found === null ? digits(frame.ready_count) : found.toFixed(1);
    setText(ready.share, told);
    setText(ready.what, found === null ? "" : "a turn");
    const name = running === null ? "" : running.cb ? shortName(running.cb) : "";
    const whom = running?.key ? view.names.who(running.key) : "";
    setText(run.what, fast ? "" : [name, whom].filter(Boolean).join(" · "));
    const here =
      phase === "waiting" ? wait : phase === "handling" ? run : phase === "between" ? ready : null;
    light(frame.ended === null ? here : null, fast);
  }

  function draw(/** @type {Frame} */ frame, /** @type {View} */ view) {
    setShown(node, view.kind !== "threads");
    setAttribute(node, "data-kind", view.kind);
    if (view.kind === "busy") drawBusy(frame, view);
    else if (view.kind === "loop") drawWaits(frame, view);
  }

  return { node, draw };
}

/**
 * A few large figures, each with its unit beneath; they keep their width.
 */
export function makeFigures() {
  const node = make("dl", "rk-figures");
  /** @type {Map<string, {box: HTMLElement, value: HTMLElement, name: HTMLElement}>} */
  const boxes = new Map();
  /** @type {Set<string>} the ids of the figures that the last frame had */
  const drawn = new Set();

  function figure(
    /** @type {string} */ id,
    /** @type {string} */ value,
    /** @type {string} */ name,
    tone = "",
  ) {
    let made = boxes.get(id);
    if (!made) {
      const value = make("dd");
      const name = make("dt");
      made = { value, name, box: make("div", `rk-figure rk-figure-${id}`, name, value) };
      boxes.set(id, made);
      node.append(made.box);
    }
    setText(made.value, value);
    setText(made.name, name);
    drawn.add(id);
    if (made.box.dataset.tone !== tone) made.box.dataset.tone = tone;
  }

  function draw(/** @type {Frame} */ frame, /** @type {View} */ view) {
    drawn.clear();
    drawFigures(frame, view);
    // What a server turns out to be decides which figures it has: one of an earlier frame goes.
    for (const [id, { box }] of boxes) setShown(box, drawn.has(id));
  }

  function drawFigures(/** @type {Frame} */ frame, /** @type {View} */ view) {
    const { totals, rates } = frame;
    const clients = clientsOf(frame);
    figure("clients", digits(clients), clients === 1 ? "client" : "clients");
    if (view.kind === "threads") {
      figure("threads", digits(Math.max(frame.thread_count, frame.threads.length)), "threads");
    } else if (view.kind === "loop") {
      figure("ready", digits(frame.ready_count), "ready", frame.ready_count > 0 ? "ready" : "");
    }
    figure(
      "wasted",
      digits(totals.wasted ?? 0),
      view.projector && view.compact ? "wasted" : "wasted calls",
      totals.wasted > 0 ? "warn" : "",
    );
    if (!view.full || view.projector) return;
    const moved = rates.received + rates.sent;
    figure("calls", digits(rates.calls), "calls/s");
    figure("bytes", `${shortBytes(moved)}/s`, "in and out");
    const slow = frame.slowest;
    if (view.kind === "loop") {
      figure("slowest", slow === null ? "–" : timeText(slow.ns), "slowest handler");
      const box = boxes.get("slowest")?.box;
      if (box)
        setAttribute(
          box,
          "title",
          slow === null ? "" : `${slow.cb || "handler"}, ${slow.key && view.names.full(slow.key)}`,
        );
    }
  }

  return { node, draw };
}

/** How many clients there are: handles that are neither listener nor the server's own. */
export function clientsOf(/** @type {Frame} */ frame) {
  if (frame.cells === null) return frame.handles.filter((one) => one.role === "client").length;
  const own = frame.handles.filter((one) => one.role !== "client").length;
  return Math.max(0, frame.count - own);
}

function shortBytes(/** @type {number} */ bytes) {
  if (bytes < 1000) return `${Math.round(bytes)} B`;
  const units = ["KiB", "MiB", "GiB"];
  let value = bytes / 1024;
  let unit = 0;
  while (value >= 1000 && unit < 2) {
    value /= 1024;
    unit += 1;
  }
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}
