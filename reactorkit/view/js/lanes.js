// Threads: who is blocked in which call, for which client, and who runs.

import { make, setAttribute, setChildren, setClass, setShown, setText } from "./dom.js";
import { makeGrid } from "./grid.js";
import { mostRows } from "./layout.js";
import { threadTiles, tileFits } from "./tiles.js";
import { bytesText, countOf, digits, timeText } from "./words.js";

/**
 * @typedef {import("./frame.js").Frame} Frame
 * @typedef {import("./frame.js").ThreadRecord} ThreadRecord
 * @typedef {import("./naming.js").Names} Names
 * @typedef {import("./panel.js").View} View
 */

export const MOST_LANES = 64;
const MOST_LANES_PROJECTED = 24;

/** What a thread does, in two or three words. */
export function doesWhat(/** @type {ThreadRecord} */ thread) {
  if (thread.held === "call") return thread.call ? `held in ${thread.call}` : "held";
  return thread.call ? `in ${thread.call}` : "running";
}

/** How a lane is drawn. */
export function laneState(/** @type {ThreadRecord} */ thread) {
  if (thread.held && thread.held !== "kernel") return "next";
  return thread.call ? "blocked" : "running";
}

/** A short name: "Thread-3 (echo)" is 3. */
export function threadName(/** @type {ThreadRecord} */ thread) {
  const match = /^Thread-(\d+)/.exec(thread.name);
  if (match) return `thread ${match[1]}`;
  return thread.name ? thread.name.replace("MainThread", "main") : `thread ${thread.id}`;
}

/**
 * How the threads divide over the calls, the commonest first; those that run come last.
 * @param {Frame} frame
 */
export function partsOf(frame) {
  const parts = Object.entries(frame.blocked_in)
    .filter(([, n]) => n > 0)
    .sort((a, b) => b[1] - a[1])
    .map(([op, n]) => ({ id: op, name: `in ${op}()`, n }));
  parts.push({ id: "", name: "running", n: frame.running_threads });
  return parts;
}

/** The bar that stands where a loop has its diagram: all threads, divided by what they do. */
export function makeDivision() {
  const node = make("div", "rk-division");
  /** @type {Map<string, {node: HTMLElement, n: HTMLElement, name: HTMLElement}>} */
  const made = new Map();

  function draw(/** @type {Frame} */ frame) {
    const parts = partsOf(frame);
    const nodes = parts.map(({ id, name, n }) => {
      let part = made.get(id);
      if (!part) {
        const count = make("b");
        const words = make("span");
        part = { node: make("div", "rk-part", count, words), n: count, name: words };
        part.node.dataset.id = id || "running";
        made.set(id, part);
      }
      setText(part.n, digits(n));
      setText(part.name, name);
      const share = `${Math.max(n, 0.001)} 1 7.5em`;
      if (part.node.style.flex !== share) part.node.style.flex = share;
      setClass(part.node, "rk-none", n === 0);
      return part.node;
    });
    setChildren(node, nodes);
  }
  return { node, draw };
}

/**
 * @typedef {object} Lane
 * @property {HTMLElement} node
 * @property {HTMLElement} name
 * @property {HTMLElement} does
 * @property {HTMLElement} who
 * @property {HTMLElement} more
 */

/**
 * @param {(key: string) => void} pick
 */
export function makeLanes(pick) {
  const list = make("div", "rk-lanes");
  const more = make("p", "rk-pointed");
  /** @type {Frame|null} */
  let latest = null;
  const grid = makeGrid((id) => {
    const thread = latest?.threads.find((one) => String(one.id) === id);
    if (thread?.key) pick(thread.key);
  });
  const node = make("div", "rk-lanes-box", list, grid.node, more);
  /** @type {Map<number, Lane>} */
  const lanes = new Map();

  list.addEventListener("click", (event) => {
    const lane = event.target instanceof Element ? event.target.closest("button") : null;
    if (lane?.dataset.key) pick(lane.dataset.key);
  });
  list.addEventListener("keydown", (event) => {
    const here = document.activeElement;
    const step = event.key === "ArrowDown" ? "nextElementSibling" : "previousElementSibling";
    if (!["ArrowDown", "ArrowUp"].includes(event.key) || !(here instanceof HTMLElement)) return;
    const next = list.contains(here) ? here[step] : null;
    if (next instanceof HTMLElement) next.focus();
    event.preventDefault();
    event.stopPropagation();
  });

  function laneOf(/** @type {number} */ id) {
    let lane = lanes.get(id);
    if (!lane) {
      const name = make("b", "rk-lane-name");
      const does = make("span", "rk-lane-does");
      const who = make("span", "rk-lane-who");
      const rest = make("span", "rk-lane-more");
      const button = make("button", "rk-lane", name, does, who, rest);
      button.type = "button";
      lane = { node: button, name, does, who, more: rest };
      lanes.set(id, lane);
    }
    return lane;
  }

  function drawList(/** @type {Frame} */ frame, /** @type {View} */ view) {
    const records = new Map(frame.handles.map((one) => [one.key, one]));
    const known = new Set();
    const nodes = frame.threads.map((thread) => {
      const lane = laneOf(thread.id);
      known.add(thread.id);
      const state = laneState(thread);
      if (lane.node.dataset.state !== state) lane.node.dataset.state = state;
      setAttribute(lane.node, "data-key", thread.key || null);
      setAttribute(
        lane.node,
        "aria-pressed",
        String(thread.key !== "" && thread.key === view.picked),
      );
      setText(lane.name, threadName(thread));
      setText(lane.does, doesWhat(thread));
      setText(lane.who, thread.key ? view.names.who(thread.key) : "");
      const record = records.get(thread.key);
      const since = thread.call ? timeText(Math.max(0, frame.t - thread.since)) : "";
      setText(lane.more, since);
      const told = record
        ? `, ${bytesText(record.received)} in, ${bytesText(record.sent)} out`
        : "";
      setAttribute(lane.node, "title", `${thread.name || "main"}: ${doesWhat(thread)}${told}`);
      const look = thread.call ? 0 : 8;
      const shown =
        tileFits(view.filter, thread.key || "?#0", look, view.names) ||
        `${threadName(thread)} ${doesWhat(thread)}`.includes(view.filter.trim().toLowerCase());
      setShown(lane.node, shown);
      return lane.node;
    });
    for (const id of lanes.keys()) if (!known.has(id)) lanes.delete(id);
    setChildren(list, nodes);
  }

  function draw(/** @type {Frame} */ frame, /** @type {View} */ view) {
    latest = frame;
    const most = !view.projector
      ? MOST_LANES
      : view.compact
        ? mostRows(true, true)
        : MOST_LANES_PROJECTED;
    const many = frame.threads.length > most;
    setShown(list, !many);
    setShown(grid.node, many);
    if (many) {
      const byId = new Map(frame.threads.map((one) => [String(one.id), one]));
      const words = (/** @type {string} */ id) => {
        const thread = byId.get(id);
        if (!thread) return `thread ${id}`;
        const whom = thread.key ? `, ${view.names.full(thread.key)}` : "";
        return `${threadName(thread)}: ${doesWhat(thread)}${whom}`;
      };
      const chosen = frame.threads.find((one) => one.key !== "" && one.key === view.picked);
      const picked = chosen ? String(chosen.id) : "";
      grid.draw(threadTiles(frame), { ...view, filter: "", picked }, { label: (id) => id, words });
    } else {
      drawList(frame, view);
    }
    const hidden = Math.max(0, frame.thread_count - frame.threads.length);
    setText(more, hidden > 0 ? `and ${countOf(hidden, "more thread")}, which do not fit` : "");
    setShown(more, hidden > 0);
  }

  return { node, draw, forget: grid.forget };
}
