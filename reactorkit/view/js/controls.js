// The bar of controls: like a player's, since a server and a recording are handled alike.

import { icon, make, setAttribute, setClass, setShown, setText } from "./dom.js";
import { toggleOf } from "./keyboard.js";
import { makeClients, makeConditions, makeMenu } from "./menus.js";
import { momentText } from "./words.js";

/**
 * @typedef {import("./frame.js").Frame} Frame
 * @typedef {import("./board.js").Controller} Controller
 */

export const SPEEDS = [0.01, 0.1, 0.25, 0.5, 1, 2, 4, 16];
const TICKS = 1000; // how finely the slider divides the time

/** Why a control is off, where the controller gives no reason of its own. */
const REASONS = new Map([
  ["back", "Pause first: then you can look back"],
  ["seek", "Pause first: then you can look back"],
  ["client", "A recording takes no clients"],
  ["until", "A recording knows no conditions"],
  ["speed", "A running server sets its own pace; step it, or play a recording"],
  ["step", "The server has ended"],
]);

/**
 * Why something cannot be done, or "" when it can.
 * @param {Controller} controller
 * @param {string} name
 */
export function whyNot(controller, name) {
  const can = controller.can[name];
  if (can === true) return "";
  return typeof can === "string" && can ? can : (REASONS.get(name) ?? "Not possible here");
}

/**
 * What the controls have to know of all servers together.
 * @param {Frame[]} frames
 * @param {boolean} replay
 */
export function standOf(frames, replay) {
  const past = frames.some((frame) => !frame.place.live);
  const ended = frames.length > 0 && frames.every((frame) => frame.ended !== null);
  const moving = replay
    ? frames.some((frame) => frame.place.playing)
    : !past && frames.some((frame) => frame.paused === null && frame.ended === null);
  const t0 = Math.min(...frames.map((frame) => frame.place.t0 + frame.place.zero));
  const t1 = Math.max(...frames.map((frame) => frame.place.t1 + frame.place.zero));
  const t = Math.max(...frames.map((frame) => frame.place.t + frame.place.zero));
  const stuck =
    frames.find((frame) => frame.place.stuck && frame.ended === null)?.place.stuck ?? "";
  return { past, ended, moving, t0, t1, t, stuck, speed: frames[0]?.place.speed ?? 1 };
}

/** @param {string} name @param {string} shape @param {string} [text] */
function iconButton(name, shape, text = "") {
  const button = make("button", "rk-button", ...(shape ? [icon(shape)] : []));
  if (text) button.append(shape ? make("span", "rk-word", text) : text);
  button.type = "button";
  button.setAttribute("aria-label", name);
  button.title = name;
  return button;
}

/** Switch a button, and say why it is off. */
function allow(
  /** @type {HTMLButtonElement|HTMLInputElement|HTMLSelectElement} */ node,
  /** @type {string} */ why,
  /** @type {string} */ title,
) {
  if (node.disabled !== (why !== "")) node.disabled = why !== "";
  setAttribute(node, "title", why || title);
}

/**
 * @param {(command: Object.<string, any>) => void} act
 * @param {(word: string) => void} local
 * @param {(text: string) => void} filterBy
 */
export function makeControls(act, local, filterBy) {
  const toggle = iconButton("Pause", "pause", "Pause");
  toggle.classList.add("rk-toggle");
  const back = iconButton("Back", "back");
  const step = iconButton("Step", "step", "Step");
  const handler = iconButton("One handler", "handler", "Handler");
  const now = iconButton("Now", "now", "Now");
  const slider = make("input", "rk-slider");
  slider.type = "range";
  slider.min = "0";
  slider.max = String(TICKS);
  slider.setAttribute("aria-label", "Moment");
  const moment = make("output", "rk-moment");
  const speed = make("select", "rk-select");
  speed.setAttribute("aria-label", "Speed");
  for (const value of SPEEDS) {
    const option = make("option", "", `${value}×`);
    option.value = String(value);
    speed.append(option);
  }
  const until = makeMenu(
    "Until…",
    makeConditions((cond) => {
      act({ do: "until", cond });
      until.close();
    }),
  );
  const clients = makeMenu(
    "Clients…",
    makeClients((what, n) => act({ do: "client", what, n })),
  );
  const filter = make("input", "rk-filter");
  filter.type = "search";
  filter.placeholder = "Filter";
  filter.setAttribute("aria-label", "Filter");
  filter.title = "Show only: a descriptor, client 3, read, ready, owed, an address…";
  const detail = iconButton("Detail", "", "Detail");
  const projector = iconButton("Projector", "", "Projector");
  const log = iconButton("Log", "", "Log");
  detail.classList.add("rk-key-detail");
  log.classList.add("rk-key-log");
  const help = iconButton("Help", "help");
  const stuck = make("p", "rk-stuck");
  const travel = make("div", "rk-travel", slider, moment, now);
  const left = make("div", "rk-group", toggle, back, step, handler, speed);
  const middle = make("div", "rk-group", until.node, clients.node, filter);
  const right = make("div", "rk-group rk-right", detail, projector, log, help);
  const node = make("div", "rk-controls", travel, make("div", "rk-row", left, middle, right));
  node.setAttribute("role", "toolbar");
  node.setAttribute("aria-label", "Controls");
  const bar = make("div", "rk-bar", stuck, node);

  let dragging = false;
  /** @type {{replay: boolean, moving: boolean, past: boolean, t0: number, t1: number}} */
  let stand = { replay: false, moving: false, past: false, t0: 0, t1: 0 };
  const onward = () => (stand.past || stand.replay ? "forward" : "step");

  toggle.addEventListener("click", () => act({ do: toggleOf(stand) }));
  back.addEventListener("click", (event) =>
    act({ do: "back", of: event.shiftKey ? "handler" : "turn" }),
  );
  step.addEventListener("click", () => act({ do: onward(), of: "turn" }));
  handler.addEventListener("click", () => act({ do: onward(), of: "handler" }));
  now.addEventListener("click", () => act({ do: "present" }));
  slider.addEventListener("input", () => {
    dragging = true;
    act({
      do: "seek",
      t: Math.round(stand.t0 + (Number(slider.value) / TICKS) * (stand.t1 - stand.t0)),
    });
  });
  slider.addEventListener("change", () => {
    dragging = false;
  });
  speed.addEventListener("change", () => act({ do: "speed", value: Number(speed.value) }));
  filter.addEventListener("input", () => filterBy(filter.value));
  for (const [button, word] of /** @type {[HTMLButtonElement, string][]} */ ([
    [detail, "detail"],
    [projector, "projector"],
    [log, "log"],
    [help, "help"],
  ])) {
    button.addEventListener("click", () => local(word));
  }

  function drawToggle(/** @type {Controller} */ controller, /** @type {boolean} */ ended) {
    const word = toggleOf(stand);
    if (toggle.dataset.does !== word) {
      toggle.dataset.does = word;
      const name = { pause: "Pause", run: "Run", play: "Play", stop: "Stop" }[word] ?? word;
      toggle.replaceChildren(icon(word === "pause" || word === "stop" ? "pause" : "run"), name);
      toggle.setAttribute("aria-label", name);
    }
    const why = stand.replay ? "" : ended ? "The server has ended" : whyNot(controller, word);
    const title = stand.past && !stand.replay ? "Back to now, and let it run" : "Space";
    allow(toggle, why, title);
  }

  /**
   * @param {Frame[]} frames
   * @param {Controller} controller
   * @param {{full: boolean, projector: boolean, log: boolean, filter: string}} options
   */
  function draw(frames, controller, options) {
    const replay = controller.kind === "replay";
    const all = standOf(frames, replay);
    stand = { replay, moving: all.moving, past: all.past, t0: all.t0, t1: all.t1 };
    drawToggle(controller, all.ended);
    const held = replay || !all.moving;
    allow(
      back,
      held ? whyNot(controller, "back") : (REASONS.get("back") ?? ""),
      "One turn back (←)",
    );
    const over = all.ended && !all.past && !replay ? "The server has ended" : "";
    allow(step, over || whyNot(controller, "step"), "One turn on (→)");
    allow(handler, over || whyNot(controller, "step"), "One handler on (Shift →)");
    allow(
      slider,
      held ? whyNot(controller, "seek") : (REASONS.get("seek") ?? ""),
      "The moment that is shown",
    );
    allow(speed, whyNot(controller, "speed"), "How fast the recording is played");
    allow(until.button, over || whyNot(controller, "until"), "Let it run until something happens");
    allow(clients.button, over || whyNot(controller, "client"), "Let clients come, and misbehave");
    setShown(speed, replay);
    setShown(until.node, !replay);
    setShown(clients.node, !replay);
    allow(now, all.past && !replay ? "" : "This is now", "Back to now (End)");
    setShown(now, !replay);
    if (!dragging) {
      const share = all.past || replay ? (all.t - all.t0) / Math.max(1, all.t1 - all.t0) : 1;
      const value = String(Math.round(share * TICKS));
      if (slider.value !== value) slider.value = value;
    }
    const shown = all.past || replay ? all.t : all.t1;
    setText(moment, replay ? `${momentText(shown)} of ${momentText(all.t1)}` : momentText(shown));
    setAttribute(slider, "aria-valuetext", momentText(shown));
    if (speed.value !== String(all.speed)) speed.value = String(all.speed);
    setText(stuck, all.stuck);
    setShown(stuck, all.stuck !== "");
    setAttribute(detail, "aria-pressed", String(options.full));
    setAttribute(projector, "aria-pressed", String(options.projector));
    setAttribute(log, "aria-pressed", String(options.log));
    setClass(node, "rk-in-past", all.past && !replay);
    if (filter.value !== options.filter && document.activeElement !== filter) {
      filter.value = options.filter;
    }
  }

  return {
    node: bar,
    draw,
    /** Close what is open; returns whether anything was. */
    close: () => [until.close(), clients.close()].some(Boolean),
    outside(/** @type {Event} */ event) {
      until.outside(event);
      clients.outside(event);
    },
    focusFilter: () => filter.focus(),
    stand: () => stand,
  };
}
