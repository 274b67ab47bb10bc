// The board: panels for the servers, one bar of controls, and the moments at which to draw.

import { makeControls, standOf } from "./controls.js";
import { make, setChildren, setClass, setShown, setText } from "./dom.js";
import { emptyFrame } from "./frame.js";
import { makeHelp } from "./help.js";
import { wishOf } from "./keyboard.js";
import { panelColumns } from "./layout.js";
import { makePanel } from "./panel.js";
import { sayAloud, textTwin } from "./summary.js";

/**
 * @typedef {import("./frame.js").Frame} Frame
 *
 * @typedef {object} Controller   Where Frames come from, and where commands go.
 * @property {"live"|"replay"} kind
 * @property {number} servers
 * @property {(i: number) => Frame} frame
 * @property {(i: number|"all", command: Object.<string, any>) => void} act
 * @property {(callback: (i?: number) => void) => (() => void)|void} on
 * @property {Object.<string, boolean|string>} can
 * @property {(i: number) => void} [painted]
 *
 * @typedef {object} BoardOptions
 * @property {"simple"|"full"} [detail]
 * @property {boolean} [projector]
 * @property {number|"fill"|null} [height]   in CSS pixels; "fill": as high as the parent
 * @property {boolean} [controls]
 * @property {"board"|"page"} [keys]         whose keys are heard
 * @property {"auto"|"light"|"dark"} [theme]
 * @property {string} [filter]
 * @property {boolean} [log]
 */

const SPOKEN_EVERY = 2000; // milliseconds
const TIMES_KEPT = 600;
const ADD_CLIENTS = "Add one with “Clients…” below, or with crowd(server) in a cell.";

/**
 * Show the servers of a controller in an element.
 * @param {HTMLElement} element
 * @param {Controller} controller
 * @param {BoardOptions} [options]
 * @returns {() => void} what takes the board away again
 */
export function mountBoard(element, controller, options = {}) {
  /** @type {Required<BoardOptions>} */
  const chosen = {
    detail: "full",
    projector: false,
    height: null,
    controls: true,
    keys: "board",
    theme: "auto",
    filter: "",
    log: false,
    ...withoutNothing(options),
  };
  const count = Math.max(1, controller.servers);
  const panels = Array.from({ length: count }, (_, i) =>
    makePanel(
      (command) => controller.act(i, command),
      () => redraw(i),
    ),
  );
  const servers = make("div", "rk-servers", ...panels.map((panel) => panel.node));
  const controls = makeControls((command) => controller.act("all", command), doHere, filterBy);
  const notes = make("p", "rk-notes rk-soft-words"); // of several servers, each once
  const help = makeHelp();
  const aloud = make("div", "rk-aloud");
  aloud.setAttribute("aria-live", "polite");
  element.classList.add("rk-board");
  element.tabIndex = 0;
  element.setAttribute("role", "group");
  element.setAttribute("aria-label", "Board");
  // JupyterLab leaves the keys alone that are pressed in here.
  element.setAttribute("data-lm-suppress-shortcuts", "true");
  setChildren(element, [servers, notes, controls.node, help.node, aloud]);

  const dark = matchMedia("(prefers-color-scheme: dark)");
  let width = element.clientWidth;
  let visible = true;
  let asked = 0; // the number of the animation frame that was asked for
  let spoken = 0;
  let painted = 0;
  let frames = 0;
  /** @type {Set<number>} */
  const dirty = new Set(panels.keys());
  /** @type {Frame[]} */
  const shown = panels.map(() => emptyFrame());
  /** @type {number[]} */
  const times = [];

  function ask() {
    if (asked === 0 && visible) asked = requestAnimationFrame(paint);
  }

  function paint() {
    asked = 0;
    if (!visible) return;
    const began = performance.now();
    const drawn = [...dirty];
    dirty.clear();
    const one = panelOptions();
    for (const i of drawn) {
      const frame = frameOf(i);
      shown[i] = frame;
      panels[i]?.draw(frame, one);
    }
    if (chosen.controls) {
      controls.draw(shown, controller, one);
    }
    const said = new Set(count > 1 ? shown.flatMap((frame) => frame.notes) : []);
    setText(notes, [...said].join(" "));
    setShown(notes, said.size > 0 && !chosen.projector);
    speak(began);
    painted += 1;
    times.push(performance.now() - began);
    if (times.length > TIMES_KEPT) times.shift();
    for (const i of drawn) controller.painted?.(i);
  }

  /** A Frame, whatever the controller gives. */
  function frameOf(/** @type {number} */ i) {
    return controller.frame(i) ?? emptyFrame();
  }

  function panelOptions() {
    return {
      full: chosen.detail === "full",
      projector: chosen.projector,
      compact: count > 1,
      filter: chosen.filter,
      log: chosen.log,
      replay: controller.kind === "replay",
      hint: controller.can.client === true ? ADD_CLIENTS : "",
    };
  }

  function speak(/** @type {number} */ now) {
    if (now - spoken < SPOKEN_EVERY) return;
    spoken = now;
    const lines = panels.map((panel, i) => sayAloud(shown[i] ?? emptyFrame(), panel.names));
    setText(aloud, lines.join(" "));
  }

  function shape() {
    setClass(element, "rk-projector", chosen.projector);
    setClass(element, "rk-full", chosen.detail === "full");
    setClass(element, "rk-many", count > 1);
    setClass(element, "rk-fill", chosen.height === "fill");
    colours();
    setClass(element, "rk-tall", typeof chosen.height === "number");
    element.style.height = typeof chosen.height === "number" ? `${chosen.height}px` : "";
    servers.dataset.columns = String(panelColumns(count, width));
    controls.node.hidden = !chosen.controls;
    everything();
  }

  function redraw(/** @type {number} */ i) {
    dirty.add(i);
    ask();
  }

  function everything() {
    for (const i of panels.keys()) dirty.add(i);
    ask();
  }

  function filterBy(/** @type {string} */ text) {
    chosen.filter = text;
    everything();
  }

  /** What concerns the board alone. */
  function doHere(/** @type {string} */ word) {
    if (word === "detail") chosen.detail = chosen.detail === "full" ? "simple" : "full";
    else if (word === "projector") chosen.projector = !chosen.projector;
    else if (word === "log") chosen.log = !chosen.log;
    else if (word === "help") help.toggle();
    else if (word === "filter") controls.focusFilter();
    else if (word === "close") {
      if (!help.close() && !controls.close()) element.focus({ preventScroll: true });
    }
    shape();
  }

  function onKey(/** @type {KeyboardEvent} */ event) {
    if (event.defaultPrevented) return;
    const target = event.target instanceof Element ? event.target : null;
    const inside = target !== null && element.contains(target);
    if (!inside && (chosen.keys !== "page" || !visible)) return;
    const stand = standOf(shown, controller.kind === "replay");
    const wish = wishOf(event, {
      replay: controller.kind === "replay",
      moving: stand.moving,
      past: stand.past,
      typing:
        target !== null && target.closest("input, select, textarea, [contenteditable]") !== null,
      onButton: target !== null && target.closest("button, a") !== null,
    });
    if (wish === null) return;
    event.preventDefault();
    event.stopPropagation();
    if ("act" in wish) controller.act("all", wish.act);
    else doHere(wish.local);
  }

  const off = controller.on((i) => {
    frames += 1;
    if (typeof i === "number" && i < count) dirty.add(i);
    else for (const each of panels.keys()) dirty.add(each);
    ask();
  });
  const seen = new IntersectionObserver((entries) => {
    visible = entries.at(-1)?.isIntersecting ?? true;
    if (!visible) return;
    for (const panel of panels) panel.forget();
    everything();
  });
  const sized = new ResizeObserver(() => {
    if (element.clientWidth === width && chosen.height === null) return;
    width = element.clientWidth;
    for (const panel of panels) panel.forget();
    shape();
  });
  const themed = new MutationObserver(repaint);
  const second = setInterval(() => {
    if (!visible) return;
    panels.forEach((panel, i) => {
      panel.tick(shown[i] ?? emptyFrame(), performance.now());
    });
  }, 500);

  function colours() {
    setClass(element, "rk-own", chosen.theme !== "auto");
    setClass(element, "rk-dark", isDark(chosen.theme, dark.matches));
  }

  function repaint() {
    colours();
    for (const panel of panels) panel.forget();
    everything();
  }

  function onPress(/** @type {Event} */ event) {
    controls.outside(event);
  }

  const keysFrom = chosen.keys === "page" ? document : element;
  keysFrom.addEventListener("keydown", /** @type {EventListener} */ (onKey));
  document.addEventListener("pointerdown", onPress);
  dark.addEventListener("change", repaint);
  themed.observe(document.body, { attributeFilter: ["data-jp-theme-light", "data-jp-theme-name"] });
  seen.observe(element);
  sized.observe(element);
  shape();

  /** @type {any} */ (element).__board = {
    get frames() {
      return frames;
    },
    get painted() {
      return painted;
    },
    get drawMs() {
      return quantiles(times);
    },
    controller,
    options: chosen,
    summary: () => panels.map((panel, i) => textTwin(frameOf(i), panel.names)).join("\n\n"),
    set(/** @type {BoardOptions} */ changes) {
      Object.assign(chosen, withoutNothing(changes));
      shape();
    },
  };

  return function unmount() {
    if (typeof off === "function") off();
    cancelAnimationFrame(asked);
    clearInterval(second);
    for (const panel of panels) panel.close();
    seen.disconnect();
    sized.disconnect();
    themed.disconnect();
    dark.removeEventListener("change", repaint);
    document.removeEventListener("pointerdown", onPress);
    keysFrom.removeEventListener("keydown", /** @type {EventListener} */ (onKey));
    setChildren(element, []);
    element.classList.remove("rk-board");
    delete (/** @type {any} */ (element).__board);
  };
}

/** Whether the page is dark: as asked for, else as JupyterLab says, else as the reader prefers. */
function isDark(/** @type {string} */ theme, /** @type {boolean} */ preferred) {
  if (theme !== "auto") return theme === "dark";
  const said = document.body.dataset.jpThemeLight;
  return said === undefined ? preferred : said === "false";
}

/** Only what was said: undefined and null leave the default. */
function withoutNothing(/** @type {Object.<string, any>} */ options) {
  return Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined && value !== null),
  );
}

/** The middle one and the one that only a twentieth exceeds. */
export function quantiles(/** @type {number[]} */ values) {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (/** @type {number} */ share) =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  return { p50: at(0.5), p95: at(0.95), n: sorted.length };
}
