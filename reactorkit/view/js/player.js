// Walks through a recording: any moment of it, forwards and backwards, at any speed. No DOM, no
// clock: whoever plays says how much time has passed.
//
// Where a walk stops is the same as in reactorkit/view/past.py: a turn ends when the loop waits
// again (for threads: when a call returns), a handler also before the next one begins (for a busy
// loop: when a call returns).

import { frameOf } from "./look.js";
import { Windows } from "./windows.js";

/**
 * @typedef {import("./state_shape.js").Event_} Event_
 * @typedef {import("./frame.js").Frame} Frame
 */

const TURN_ENDS = new Set(["wait", "turn", "agg", "key", "bye"]);
const THREADED = new Set(["threads", "blocking"]);
const SPACING = 500; // events between two places that can be gone to cheaply; more if handles are many
const HANDLES_PER_EVENT = 4;
const MOST_CHECKPOINTS = 400;

export class Player {
  /**
   * @param {Event_} header
   * @param {Event_[]} events
   * @param {Object.<string, any>} [about] name, title, colour, marker, warning
   */
  constructor(header, events, about = {}) {
    this.header = header;
    this.events = events;
    this.about = about;
    this.length = events.length;
    this.t0 = events.length ? events[0].t : 0;
    this.threaded = THREADED.has(header.style);
    this.calls = this.threaded || header.style === "busywait";
    this.picked = "";
    this.at = 0;
    this.windows = new Windows(header);
    /** Copies of the windows on the way, in order. */
    this.checkpoints = [this.windows.copy()];
    this.t1 = 0;
    for (const event of events) this.t1 = Math.max(this.t1, event.t);
    this.t = this.t0;
  }

  /** The time of an event. @param {number} place */
  timeOf(place) {
    return this.length ? this.events[Math.min(Math.max(place, 0), this.length - 1)].t : 0;
  }

  /**
   * Go to a position: how many events have happened by then.
   * @param {number} at
   */
  seek(at) {
    this.goTo(at);
    this.t = this.at === 0 ? this.t0 : Math.max(this.windows.state.t, this.t0);
  }

  /**
   * Go to a moment.
   * @param {number} t  nanoseconds of this recording's clock
   */
  seekTime(t) {
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.events[middle].t <= t) low = middle + 1;
      else high = middle;
    }
    this.goTo(low);
    this.t = Math.min(Math.max(t, this.windows.state.t, this.t0), Math.max(this.t1, this.t0));
  }

  /** @param {number} at */
  goTo(at) {
    const wanted = Math.min(Math.max(Math.round(at), 0), this.length);
    let from = this.windows;
    const near = this.checkpoints.findLast((one) => one.count <= wanted) ?? this.checkpoints[0];
    if (this.at > wanted || near.count > this.at) from = near.copy();
    this.windows = from;
    while (from.count < wanted) {
      from.feed(this.events[from.count]);
      this.keepPlace(from);
    }
    this.at = wanted;
  }

  /** @param {Windows} windows */
  keepPlace(windows) {
    const last = this.checkpoints[this.checkpoints.length - 1].count;
    const handles = Object.keys(windows.state.handles).length;
    const spacing = Math.max(
      SPACING,
      handles * HANDLES_PER_EVENT,
      Math.ceil(this.length / MOST_CHECKPOINTS),
    );
    if (windows.count >= last + spacing) this.checkpoints.push(windows.copy());
  }

  /**
   * Let time pass.
   * @param {number} t  the moment, nanoseconds
   */
  advanceTo(t) {
    const end = Math.min(t, this.t1);
    let at = this.at;
    while (at < this.length && this.events[at].t <= end) at += 1;
    if (at !== this.at) this.goTo(at);
    this.t = Math.max(this.t, end);
  }

  /** Whether everything has happened. */
  get over() {
    return this.at >= this.length;
  }

  /** @param {number} at @param {string} of */
  stops(at, of) {
    const before = this.events[at - 1]?.e ?? "";
    if (TURN_ENDS.has(before) || (this.threaded && before === "io")) return true;
    if (of !== "handler") return false;
    return (this.calls && before === "io") || this.events[at]?.e === "begin";
  }

  /** @param {string} [of] */
  forward(of = "turn") {
    let at = this.at + 1;
    while (at < this.length && !this.stops(at, of)) at += 1;
    this.seek(at);
  }

  /** @param {string} [of] */
  back(of = "turn") {
    let at = this.at - 1;
    while (at > 0 && !this.stops(at, of)) at -= 1;
    this.seek(at);
  }

  /**
   * What there is to see.
   * @param {Partial<import("./frame.js").Place>} [place]
   * @returns {Frame}
   */
  frame(place = {}) {
    const { t0, t1, at, length } = this;
    const { warning = "", ...about } = this.about;
    return frameOf(this.windows, {
      ...about,
      now: this.t,
      picked: this.picked,
      notes: warning ? [warning] : [],
      place: { live: false, at, length, t: this.t, t0, t1, ...place },
    });
  }
}

/**
 * The header and the events in the lines of a recording. Keyframes that are only there for seeking
 * are left out but for a first one; so is a last line that was cut short.
 * @param {string} text
 * @returns {{header: Event_, events: Event_[]}}
 */
export function recordingOf(text) {
  const [first, ...lines] = text.split("\n");
  /** @type {Event_[]} */
  const events = [];
  for (const line of lines) {
    if (line === "" || (events.length && line.slice(0, 60).includes(',"auto":true,'))) continue;
    events.push(JSON.parse(line));
  }
  return { header: JSON.parse(first), events };
}
