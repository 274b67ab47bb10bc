// The controller of a board of recordings: no kernel, no server. All play on one clock.
//
// Works by itself in a page on disk, in Node, and inside the widget.

import { Player } from "./player.js";

/**
 * @typedef {import("./frame.js").Frame} Frame
 * @typedef {{now: () => number, later: (callback: () => void) => any, cancel: (id: any) => void}} Ticks
 */

const FRAME_PAUSE = 33; // milliseconds
export const SLOWEST = 0.001;
export const FASTEST = 100;

/** @type {Ticks} */
const BROWSER_TICKS = {
  now: () => performance.now(),
  later: (callback) => setTimeout(callback, FRAME_PAUSE),
  cancel: (id) => clearTimeout(id),
};

/**
 * @param {{header: any, events: any[], about?: Object.<string, any>}[]} recordings
 * @param {{play?: boolean, speed?: number}} [options]  play: begin when first painted
 * @param {Ticks} [ticks]
 */
export function replayController(recordings, options = {}, ticks = BROWSER_TICKS) {
  const players = recordings.map(({ header, events, about }) => new Player(header, events, about));
  // Each clock begins with its own recording; on the board all begin at once.
  const longest = Math.max(0, ...players.map((player) => player.t1 - player.t0));
  /** @type {Set<(i?: number) => void>} */
  const callbacks = new Set();
  /** @type {(Frame|null)[]} */
  const frames = players.map(() => null);
  let speed = options.speed ?? 1;
  let playing = false;
  let waitsToPlay = options.play ?? false;
  let since = 0; // when the clock was last looked at
  let clock = 0; // nanoseconds since the beginning of all recordings
  /** @type {any} */
  let timer = null;
  /** @type {number[]} */
  let paints = [];

  /** @param {number} [i] */
  function changed(i) {
    if (i === undefined) frames.fill(null);
    else frames[i] = null;
    for (const callback of callbacks) callback(i);
  }

  function tick() {
    timer = null;
    if (!playing) return;
    const now = ticks.now();
    clock = Math.min(clock + (now - since) * 1e6 * speed, longest);
    since = now;
    for (const player of players) player.advanceTo(player.t0 + clock);
    if (clock >= longest) playing = false;
    else timer = ticks.later(tick);
    changed();
  }

  function play() {
    if (players.every((player) => player.over)) {
      for (const player of players) player.seek(0);
      clock = 0;
    }
    playing = true;
    since = ticks.now();
    if (timer === null) timer = ticks.later(tick);
  }

  function stop() {
    playing = false;
    if (timer !== null) ticks.cancel(timer);
    timer = null;
  }

  /** All but one go to the moment of the clock. */
  function follow(/** @type {Player|null} */ moved) {
    if (moved) clock = moved.t - moved.t0;
    for (const player of players) if (player !== moved) player.seekTime(player.t0 + clock);
  }

  /** @param {Player} player @param {Object.<string, any>} command */
  function walk(player, command) {
    stop();
    const of = command.of === "handler" ? "handler" : "turn";
    if (command.do === "back") player.back(of);
    else if (command.do === "seek") player.seek(Number(command.at) || 0);
    else if (command.do === "present") player.seek(player.length);
    else player.forward(of);
  }

  /** @param {number|"all"} i @param {Player} player @param {Object.<string, any>} command */
  function walkOne(i, player, command) {
    const moved = i === "all" ? leader(command) : player;
    walk(moved, command);
    follow(moved);
  }

  /** The recording that walks: of all, the one whose next moment comes first. */
  function leader(/** @type {Object.<string, any>} */ command) {
    if (command.do === "seek" || command.do === "present") {
      return players.reduce((a, b) => (b.t1 - b.t0 > a.t1 - a.t0 ? b : a));
    }
    if (command.do === "back") {
      const behind = players.filter((player) => player.at > 0);
      return (behind.length ? behind : players).reduce((a, b) =>
        b.windows.state.t - b.t0 > a.windows.state.t - a.t0 ? b : a,
      );
    }
    const ahead = players.filter((player) => !player.over);
    return (ahead.length ? ahead : players).reduce((a, b) =>
      b.timeOf(b.at) - b.t0 < a.timeOf(a.at) - a.t0 ? b : a,
    );
  }

  /** @param {number|"all"} i @param {Object.<string, any>} command */
  function act(i, command) {
    waitsToPlay = false;
    const all = i === "all" || players.length === 1;
    const player = all ? players[0] : players[i];
    switch (command.do) {
      case "play":
      case "run":
        play();
        break;
      case "stop":
      case "pause":
        stop();
        break;
      case "speed":
        speed = Math.min(Math.max(Number(command.value) || 1, SLOWEST), FASTEST);
        break;
      case "pick":
        for (const one of all ? players : [player]) one.picked = command.key ?? "";
        break;
      case "seek":
        if ("t" in command) {
          // Of one server: on its own clock. Of all: on the first one's, which is the board's.
          stop();
          clock = Math.min(Math.max((Number(command.t) || 0) - player.t0, 0), longest);
          follow(null);
          break;
        }
        walkOne(i, player, command);
        break;
      case "step":
      case "forward":
      case "back":
      case "present":
        walkOne(i, player, command);
        break;
      default:
        return;
    }
    changed();
  }

  return {
    kind: /** @type {"replay"} */ ("replay"),
    servers: players.length,
    players,
    /** @param {number} i @returns {Frame} */
    frame(i) {
      frames[i] ??= players[i].frame({ playing, speed, zero: players[0].t0 - players[i].t0 });
      const frame = /** @type {Frame} */ (frames[i]);
      frame.costs.fps = playing && paints.length ? paints.length / 2 : null;
      return frame;
    },
    act,
    /** @param {(i?: number) => void} callback */
    on(callback) {
      callbacks.add(callback);
      return () => {
        callbacks.delete(callback);
      };
    },
    /** @param {number} _i */
    painted(_i) {
      const now = ticks.now();
      paints = [...paints.filter((t) => now - t < 2000), now];
      if (waitsToPlay) act("all", { do: "play" });
    },
    can: {
      pause: true,
      run: true,
      step: true,
      back: true,
      forward: true,
      seek: true,
      present: true,
      pick: true,
      speed: true,
      play: true,
      until: "A recording runs as it ran; nothing can be waited for.",
      client: "This is a recording: no server is there to connect to.",
    },
    hello() {},
    close() {
      stop();
      callbacks.clear();
    },
  };
}
