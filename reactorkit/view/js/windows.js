// Sliding windows over a trace: the last turns, runs of handlers, rates, and heat of each handle.
//
// The twin of reactorkit/view/windows.py, which says what each window means. Both are held to the
// same golden traces. What they tell depends on the events and on the moment alone. No DOM.

import { SLICES_LENGTH, TURNS_LENGTH } from "./frame.js";
import { apply } from "./state.js";
import { initial, keyOf, PHASES, snapshot } from "./state_shape.js";

/**
 * @typedef {import("./state_shape.js").State} State
 * @typedef {import("./state_shape.js").Event_} Event_
 * @typedef {import("./frame.js").Frame} Frame
 * @typedef {{first: number, last: number, counts: number[], cost: number, spent: number[],
 *   phase: string, since: number, stop: number|null}} Sample
 */

const BUCKET = 100_000_000;
const BUCKETS = 10;
const SHORTEST = 250_000_000;
const EPOCH = 500_000_000;
const CALL_WEIGHT = 16;
const HOTTEST = 2 ** 24 - 1;
const RATE_NAMES = ["turns", "found", "calls", "wasted", "received", "sent", "accepted"];
const CHANGES_ORDER = new Set(["open", "reg", "close", "key"]);

export class Windows {
  /** @param {Event_} [header] */
  constructor(header = {}) {
    /** @type {State} */
    this.state = initial(header);
    this.count = 0;
    /** @type {number|null} */
    this.start = null;
    /** @type {import("./frame.js").Turn[]} */
    this.turns = [];
    /** @type {import("./frame.js").Slice[]} */
    this.slices = [];
    /** @type {number|null} */
    this.began = null;
    this.th = 0;
    /** @type {Map<string, number[]>} */
    this.warmth = new Map();
    /** @type {Sample[]} */
    this.samples = [];
    this.boundary = 0;
    this.base = sampleOf(this.state, 0, 0);
    /** @type {string[]|null} */
    this.order = null;
  }

  /** A copy that later events do not touch. */
  copy() {
    const copy = Object.assign(new Windows(), this);
    copy.state = snapshot(this.state);
    copy.turns = this.turns.slice();
    copy.slices = this.slices.slice();
    copy.samples = this.samples.slice();
    copy.warmth = new Map([...this.warmth].map(([key, entry]) => [key, entry.slice()]));
    return copy;
  }

  /**
   * Take the next event.
   * @param {Event_} event
   */
  feed(event) {
    const { state } = this;
    const kind = event.e;
    const now = Math.max(event.t, state.t);
    const boundary = Math.floor(now / BUCKET);
    if (this.start === null) {
      this.start = now;
      this.boundary = boundary;
      this.base = sampleOf(state, boundary, boundary);
    } else if (boundary > this.boundary) this.sample(boundary);
    const { running, since, turn } = state;
    const { wasted } = state.totals;
    const call = kind === "io" ? openCall(state, event) : null;
    apply(state, event);
    this.count += 1;
    if (CHANGES_ORDER.has(kind)) this.order = null;
    if (kind === "key") {
      this.restart();
      return;
    }
    this.warm(event, state.totals.wasted - wasted);
    if (kind === "agg") {
      this.forget();
      return;
    }
    if (running !== null && state.running !== running) {
      this.slice(since, running.key, running.cb, this.th);
    }
    if (call !== null) this.slice(call, keyOf(event), event.op, event.th ?? 0);
    if (kind === "begin") this.th = event.th ?? 0;
    else if (kind === "wait" || kind === "turn") this.nextTurn(turn);
  }

  restart() {
    const now = this.state.t;
    this.samples = [];
    this.warmth = new Map();
    this.boundary = Math.floor(now / BUCKET);
    this.base = sampleOf(this.state, this.boundary, this.boundary);
    this.start = now;
    this.forget();
  }

  forget() {
    this.turns = [];
    this.slices = [];
    this.began = null;
  }

  /** @param {number} t0 @param {string} key @param {string} cb @param {number} th */
  slice(t0, key, cb, th) {
    this.slices.push({ t0, t1: this.state.t, key, cb, th });
    if (this.slices.length > SLICES_LENGTH) this.slices.shift();
  }

  /** @param {number} turn */
  nextTurn(turn) {
    if (this.began !== null) {
      this.turns.push({ turn, t0: this.began, .../** @type {any} */ (this.state.last) });
      if (this.turns.length > TURNS_LENGTH) this.turns.shift();
    }
    this.began = this.state.t;
  }

  /** @param {Event_} event @param {number} wasted */
  warm(event, wasted) {
    const kind = event.e;
    if (kind === "io") this.add(keyOf(event), (event.got ?? 0) + CALL_WEIGHT, wasted);
    else if (kind === "waste") this.add(keyOf(event), CALL_WEIGHT * event.n, event.n);
    else if (kind === "begin") this.add(keyOf(event), CALL_WEIGHT, 0);
    else if (kind === "close") this.warmth.delete(keyOf(event));
    else if (kind === "agg") {
      for (const [fd, gen, received, sent, calls, nothing] of event.handles) {
        this.add(`${fd}#${gen}`, received + sent + CALL_WEIGHT * calls, nothing);
      }
    }
  }

  /** @param {string} key @param {number} amount @param {number} wasted */
  add(key, amount, wasted) {
    if (!(key in this.state.handles)) return;
    const epoch = Math.floor(this.state.t / EPOCH);
    const entry = this.warmth.get(key);
    if (entry === undefined) {
      this.warmth.set(key, [epoch, amount, 0, wasted, 0]);
      return;
    }
    if (epoch !== entry[0]) {
      const follows = epoch === entry[0] + 1;
      entry.splice(0, 5, epoch, 0, follows ? entry[1] : 0, 0, follows ? entry[3] : 0);
    }
    entry[1] += amount;
    entry[3] += wasted;
  }

  /**
   * How active a handle is (0 to 255), and whether it has wasted calls.
   * @param {string} key
   * @param {number} now
   * @returns {[number, boolean]}
   */
  heat(key, now) {
    const entry = this.warmth.get(key);
    if (entry === undefined) return [0, false];
    const age = Math.floor(now / EPOCH) - entry[0];
    if (age === 0) return [heatLevel(entry[1] + entry[2]), entry[3] + entry[4] > 0];
    return age === 1 ? [heatLevel(entry[1]), entry[3] > 0] : [0, false];
  }

  /** @param {number} boundary */
  sample(boundary) {
    this.samples.push(sampleOf(this.state, this.boundary + 1, boundary));
    this.boundary = boundary;
    while (this.samples[0].last < boundary - BUCKETS) this.samples.shift();
  }

  /**
   * The rates, a second, and the shares of time, of the second before `now`.
   * @param {number} now
   */
  summary(now) {
    const start = this.start ?? now;
    const boundary = Math.floor(now / BUCKET) - BUCKETS;
    const latest = sampleOf(this.state, 0, 0);
    let begin = boundary * BUCKET;
    let before = latest;
    if (begin <= start) {
      begin = start;
      before = this.base;
    } else {
      for (const one of this.samples) {
        if (one.first <= boundary && boundary <= one.last) before = one;
      }
    }
    const elapsed = Math.max(now - begin, SHORTEST);
    const rates = /** @type {Frame["rates"]} */ ({});
    RATE_NAMES.forEach((name, i) => {
      const more = Math.max(latest.counts[i] - before.counts[i], 0);
      /** @type {Object.<string, number>} */ (rates)[name] = (more * 1e9) / elapsed;
    });
    const first = spentBy(before, begin);
    const spent = spentBy(latest, now).map((after, i) => Math.max(after - first[i], 0));
    const whole = spent.reduce((a, b) => a + b, 0);
    const cost = Math.min(Math.max((latest.cost - before.cost) / elapsed, 0), 1);
    return { rates, idle_share: whole ? spent[0] / whole : null, probe: latest.cost ? cost : null };
  }

  /** The keys of all handles, in the order of fds; the same array while none comes or goes. */
  keys() {
    if (this.order === null) {
      const { handles } = this.state;
      this.order = Object.keys(handles).sort(
        (a, b) => handles[a].fd - handles[b].fd || handles[a].gen - handles[b].gen,
      );
    }
    return this.order;
  }
}

/** @param {State} state @param {Event_} event @returns {number|null} */
function openCall(state, event) {
  const thread = state.threads[`t${event.th ?? 0}`];
  return thread?.call ? thread.since : null;
}

/** @param {State} state @param {number} first @param {number} last @returns {Sample} */
function sampleOf(state, first, last) {
  const { held, totals } = state;
  return {
    first,
    last,
    counts: [state.turn, ...RATE_NAMES.slice(1).map((name) => totals[name])],
    cost: totals.cost,
    spent: PHASES.map((phase) => state.spent[phase]),
    phase: state.phase,
    since: state.since,
    stop: held !== null && held.at !== "kernel" ? held.t : null,
  };
}

/** @param {Sample} sample @param {number} at */
function spentBy(sample, at) {
  const spent = sample.spent.slice();
  const place = PHASES.indexOf(sample.phase);
  if (place >= 0) {
    const end = sample.stop === null ? at : Math.min(at, sample.stop);
    spent[place] += Math.max(end - sample.since, 0);
  }
  return spent;
}

/** @param {number} amount */
function heatLevel(amount) {
  if (amount <= 0) return 0;
  const most = Math.min(amount, HOTTEST);
  const power = 31 - Math.clz32(most);
  const whole = 2 ** power;
  return Math.min(255, 15 + 10 * power + Math.floor(((most - whole) * 10) / whole));
}
