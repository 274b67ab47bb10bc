// One server on the board: what it is called, what it does, and whom it serves.

import { makeCard } from "./card.js";
import { makeCorner, makeLog } from "./corner.js";
import {
  make,
  makeSize,
  markerOf,
  setAttribute,
  setClass,
  setShown,
  setText,
  setVariable,
} from "./dom.js";
import { handleLabel, handleWords, makeGrid } from "./grid.js";
import { makeHeat } from "./heat.js";
import { makeDivision, makeLanes } from "./lanes.js";
import { kindOf, levelOf, mostRows } from "./layout.js";
import { Names } from "./naming.js";
import { makeFigures, makeLoop } from "./phases.js";
import { makeStrip } from "./strip.js";
import { isKnown, sayHeld, sayNow, sayPhase, shownAt } from "./summary.js";
import { makeTable } from "./table.js";
import { tilesOf } from "./tiles.js";
import { makeTimeline } from "./timeline.js";
import { digits, momentText, wholeSeconds } from "./words.js";

/** From how many pixels on there is room for what happened beside the handles. */
const LEAST_WIDTH = 720;

/**
 * @typedef {import("./frame.js").Frame} Frame
 *
 * @typedef {object} PanelOptions
 * @property {boolean} full
 * @property {boolean} projector
 * @property {boolean} compact   several servers share the board
 * @property {boolean} log       what the server prints is shown
 * @property {string} filter
 * @property {boolean} replay    this is a recording, not a server
 * @property {string} hint       what to do when nobody is connected
 *
 * @typedef {object} Shown   What a Frame is to be shown as.
 * @property {"loop"|"busy"|"threads"} kind
 * @property {"table"|"grid"|"heat"} level
 * @property {string} picked     key of the handle that was chosen, or ""
 * @property {Names} names
 *
 * @typedef {PanelOptions & Shown} View
 *
 * @typedef {object} Panel
 * @property {HTMLElement} node
 * @property {Names} names
 * @property {(frame: Frame, options: PanelOptions) => void} draw
 * @property {(frame: Frame, now: number) => void} tick    what changes without a new Frame
 * @property {() => void} close
 * @property {() => void} forget   colours or sizes have changed, or it was out of sight
 */

/**
 * @param {(command: Object.<string, any>) => void} act
 * @param {() => void} again   draw once more: there is more or less room than before
 * @returns {Panel}
 */
export function makePanel(act, again) {
  const names = new Names();
  const pick = (/** @type {string} */ key) => act({ do: "pick", key });
  const header = makeHeader();
  const say = make("p", "rk-say");
  const loop = makeLoop();
  const division = makeDivision();
  const figures = makeFigures();
  const top = make("div", "rk-top", loop.node, division.node, figures.node);
  const table = makeTable(pick);
  const grid = makeGrid(pick);
  const heat = makeHeat(pick);
  const lanes = makeLanes(pick);
  const card = makeCard(() => pick(""));
  const empty = make("p", "rk-empty");
  const main = make("div", "rk-main", table.node, grid.node, heat.node, lanes.node, empty);
  const timeline = makeTimeline();
  const side = make("div", "rk-side", timeline.node);
  const body = make("div", "rk-body", main, side);
  const strip = makeStrip();
  const log = makeLog();
  const corner = makeCorner();
  const wrong = make("p", "rk-wrong rk-warns");
  wrong.setAttribute("role", "alert");
  wrong.hidden = true;
  const node = make("section", "rk-server", header.node, wrong, say, top, body, strip.node);
  node.append(log.node, corner.node);
  const width = makeSize(node);
  /** @type {"table"|"grid"|"heat"} */
  let level = "table";

  /** Draw what can be drawn; what cannot be is said, and does not take the other servers along. */
  function draw(/** @type {Frame} */ frame, /** @type {PanelOptions} */ options) {
    let problem = "";
    try {
      drawAll(frame, options);
    } catch (error) {
      problem = `This picture could not be drawn: ${error}. The server is not affected.`;
      console.error(error);
    }
    setText(wrong, problem);
    setShown(wrong, problem !== "");
  }

  function drawAll(/** @type {Frame} */ frame, /** @type {PanelOptions} */ options) {
    names.learn(frame);
    const kind = kindOf(frame);
    const before = level;
    level = levelOf(frame.count, level, mostRows(options.projector, options.compact));
    if (level !== before) forget();
    /** @type {View} */
    const view = { ...options, kind, level, names, picked: frame.picked?.key ?? "" };
    header.draw(frame, options.compact || options.projector, view);
    tick(frame, performance.now());
    setAttribute(node, "aria-label", `${frame.title || frame.name || "server"}, board`);
    setVariable(node, "--rk-server", frame.colour);
    drawSay(frame);
    loop.draw(frame, view);
    setShown(division.node, kind === "threads");
    if (kind === "threads") division.draw(frame);
    figures.draw(frame, view);
    drawMain(frame, view);
    drawRest(frame, view);
    setAttribute(node, "data-kind", kind);
    setAttribute(node, "data-level", level);
  }

  /** One line says it all: what goes on, or, while it is held, where it stands and what is next. */
  function drawSay(/** @type {Frame} */ frame) {
    const { where, next } = sayHeld(frame, names);
    const now = frame.place.live && where !== "";
    const text = now ? `${where}. Next: ${next}.` : sayNow(frame, names);
    setText(say, text);
    setAttribute(say, "title", text);
    setClass(say, "rk-say-held", now);
    setClass(say, "rk-say-ended", frame.ended !== null && frame.ended.code !== 0);
  }

  function drawMain(/** @type {Frame} */ frame, /** @type {View} */ view) {
    const { kind } = view;
    const nobody = emptyWords(frame, view.hint);
    const threads = kind === "threads" && nobody === "";
    setShown(lanes.node, threads);
    setShown(table.node, !threads && level === "table" && isKnown(frame));
    setShown(grid.node, !threads && level === "grid");
    setShown(heat.node, !threads && level === "heat");
    setText(empty, nobody);
    setShown(empty, nobody !== "");
    if (threads) lanes.draw(frame, view);
    else if (level === "table") table.draw(frame, view);
    else {
      const options = { label: handleLabel, words: handleWords(view) };
      (level === "grid" ? grid : heat).draw(tilesOf(frame), view, options);
    }
  }

  function drawRest(/** @type {Frame} */ frame, /** @type {View} */ view) {
    const wide = view.full && !view.projector && !view.compact && width.now().width >= LEAST_WIDTH;
    setShown(side, wide);
    const home = wide ? side : main;
    if (card.node.parentNode !== home) home.prepend(card.node);
    card.draw(frame, view);
    if (wide) timeline.draw(frame, view);
    const told = frame.slices.length > 0 || frame.turns.length > 0;
    setShown(strip.node, wide && told);
    if (wide && told) strip.draw(frame, view);
    log.draw(frame, view.log);
    corner.draw(frame, view);
  }

  function tick(/** @type {Frame} */ frame, /** @type {number} */ now) {
    const tone = header.tick(frame, now);
    if (node.dataset.state !== tone) node.dataset.state = tone;
  }

  function forget() {
    width.forget();
    for (const one of [table, grid, heat, lanes, strip, timeline]) one.forget();
  }

  const sized = new ResizeObserver(() => {
    forget();
    again();
  });
  for (const one of [main, side, strip.node]) sized.observe(one);

  return { node, names, draw, tick, forget, close: () => sized.disconnect() };
}

/** The line at the top: marker, name, state, turn, clock. */
function makeHeader() {
  const marker = make("span", "rk-mark");
  const title = make("h3", "rk-title");
  const file = make("span", "rk-file");
  const badge = make("span", "rk-badge");
  const clock = make("span", "rk-clock");
  const turn = make("span", "rk-turn");
  const node = make("header", "rk-head", marker, title, file, badge, turn, clock);
  let look = "";
  let short = false;
  let replay = false;
  /** @type {{text: string, tone: string}|null} */
  let phase = null; // instead of "live", where there is no room for the loop
  let pausedAt = 0; // by the viewer's clock, in milliseconds
  /** @type {number|null} */
  let pausedSince = null; // by the server's

  /**
   * @param {Frame} frame
   * @param {boolean} brief
   * @param {View} view
   */
  function draw(frame, brief, view) {
    short = brief;
    replay = view.replay;
    phase = view.compact && view.projector ? sayPhase(frame, view.names) : null;
    const wanted = `${frame.marker} ${frame.colour}`;
    if (wanted !== look) {
      look = wanted;
      marker.replaceChildren(markerOf(frame.marker, frame.colour));
    }
    setText(title, frame.title || frame.name || "server");
    setText(file, frame.name && frame.name !== frame.title ? frame.name : "");
    setText(turn, frame.turn > 0 ? `turn ${digits(frame.turn)}` : "");
    setText(clock, isKnown(frame) ? momentText(shownAt(frame)) : "");
  }

  function tick(/** @type {Frame} */ frame, /** @type {number} */ now) {
    if (frame.paused === null) pausedSince = null;
    else if (frame.paused !== pausedSince) {
      pausedSince = frame.paused;
      pausedAt = now - Math.max(0, frame.t - frame.paused) / 1e6;
    }
    const { text, tone, title: why } = badgeOf(frame, (now - pausedAt) * 1e6, short, replay);
    const instead = tone === "live" ? phase : null;
    setText(badge, instead?.text ?? text);
    setAttribute(badge, "title", why || null);
    setAttribute(badge, "data-tone", instead?.tone ?? tone);
    return tone;
  }

  return { node, draw, tick };
}

/**
 * The state of a server in two words.
 * @param {Frame} frame
 * @param {number} paused   nanoseconds since it was paused, by the viewer's clock
 * @param {boolean} [brief]
 * @param {boolean} [replay]   a recording has no now that it could be behind
 */
export function badgeOf(frame, paused, brief = false, replay = false) {
  if (!isKnown(frame) && frame.ended === null) {
    return { text: "loading", tone: "loading", title: "" };
  }
  if (replay && frame.ended === null) {
    return { text: "recording", tone: "recording", title: "A recording of a real server" };
  }
  if (!frame.place.live && !replay) {
    const title = "This is a recording of what was; the server itself is where it was left";
    return { text: `past, at ${momentText(shownAt(frame))}`, tone: "past", title };
  }
  if (frame.ended !== null) {
    const { code } = frame.ended;
    const text = code === null ? "died" : `ended, status ${code}`;
    return { text, tone: code === 0 ? "ended" : "died", title: "" };
  }
  if (frame.place.over) return { text: "at rest", tone: "ended", title: frame.place.stuck };
  if (frame.paused !== null) {
    const title = "The server stands still; what clients send meanwhile is kept by the kernel";
    const keeps = brief ? "" : ": the kernel keeps what clients send";
    const text = `paused for ${wholeSeconds(paused)}${keeps}`;
    return { text, tone: "paused", title };
  }
  if (frame.mode === "until") return { text: "runs until…", tone: "live", title: "" };
  return { text: "live", tone: "live", title: "" };
}

/** What to say where there is nobody to draw, or "". */
export function emptyWords(/** @type {Frame} */ frame, hint = "") {
  if (!isKnown(frame) || frame.ended !== null) return "";
  if (frame.handles.some((one) => one.role === "client")) return "";
  if (frame.cells !== null || frame.threads.length > 1) return "";
  return `No client is connected. ${hint}`.trim();
}
