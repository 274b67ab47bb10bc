// The state of a traced server, and `apply`: the one fold that every picture is drawn from.
//
// The twin of reactorkit/trace/{changes,state}.py. Both are held to the golden traces in
// tests/trace/golden. What the fields mean is said in shape.py, what the events mean in
// events.py. No DOM, no clock, no I/O.

import {
  emptyTurn,
  keyOf,
  LOG_LENGTH,
  newHandle,
  newThread,
  PHASES,
  snapshot,
  TIMELINE_LENGTH,
} from "./state_shape.js";

/**
 * @typedef {import("./state_shape.js").Event_} Event_
 * @typedef {import("./state_shape.js").State} State
 * @typedef {import("./state_shape.js").Record} Record
 */

const NOTHING_THERE = new Set(["EAGAIN", "EWOULDBLOCK"]);
const RECEIVES = "recv recv_into recvfrom recvfrom_into recvmsg recvmsg_into read".split(" ");
const SENDS = "send sendall sendto sendmsg sendfile write".split(" ");
const WAYS = new Map([
  ...RECEIVES.map((op) => /** @type {[string, string]} */ ([op, "received"])),
  ...SENDS.map((op) => /** @type {[string, string]} */ ([op, "sent"])),
]);

/**
 * Fold one event into the state, which is changed and returned; unknown kinds only move the clock.
 * @param {State} state
 * @param {Event_} event
 * @returns {State}
 */
export function apply(state, event) {
  if (event.t > state.t) state.t = event.t;
  CHANGES.get(event.e)?.(state, event);
  return state;
}

// ------------------------------------------------------------------ pieces

/** @returns {Record} the handle's record, made on first sight */
function handle(/** @type {State} */ state, /** @type {Event_} */ event) {
  const key = keyOf(event);
  state.handles[key] ??= newHandle(event.fd, event.gen, state.t);
  return state.handles[key];
}

/** @returns {Record} the thread's record, made on first sight */
function threadOf(/** @type {State} */ state, th = 0) {
  state.threads[`t${th}`] ??= newThread(th, state.t);
  return state.threads[`t${th}`];
}

/** Begin a phase; returns how long the one before has been. */
function enter(/** @type {State} */ state, /** @type {string} */ phase) {
  const spent = state.t - state.since;
  if (state.phase in state.spent) {
    state.spent[state.phase] += spent;
    state.now[state.phase] += spent;
  }
  state.phase = phase;
  state.since = state.t;
  return spent;
}

/** Add a line to the timeline, which keeps the newest. */
function remember(
  /** @type {State} */ state,
  /** @type {string} */ op,
  key = "",
  n = 0,
  text = "",
) {
  state.timeline.push({ t: state.t, op, key, n, text });
  if (state.timeline.length > TIMELINE_LENGTH) state.timeline.shift();
}

/** Leave the handler that runs, if one does, and begin a phase. */
function finish(/** @type {State} */ state, /** @type {string} */ phase) {
  const { running } = state;
  const spent = enter(state, phase);
  if (running === null) return;
  const { key, cb } = running;
  state.running = null;
  delete state.ready[key];
  const record = state.handles[key];
  if (record) {
    record.ready = 0;
    record.runs += 1;
    record.handled += spent;
  }
  if (state.slowest === null || spent > state.slowest.ns) state.slowest = { key, cb, ns: spent };
}

/** Whoever has not been served by now will be reported again. */
function forgetReady(/** @type {State} */ state) {
  for (const key of Object.keys(state.ready)) {
    if (state.handles[key]) state.handles[key].ready = 0;
  }
  state.ready = {};
}

function newTurn(
  /** @type {State} */ state,
  /** @type {Event_} */ event,
  /** @type {string} */ phase,
) {
  finish(state, phase);
  state.last = state.now;
  state.now = emptyTurn();
  state.turn = event.turn;
  forgetReady(state);
}

/** Count the bytes of a call on its handle. */
function move(
  /** @type {Record} */ record,
  /** @type {string} */ way,
  /** @type {number} */ got,
  /** @type {Event_} */ event,
) {
  record[way] += got;
  const error = event.err ?? "";
  if ("owed" in event) {
    record.owed = event.owed;
  } else if (way === "sent") {
    const rest = (event.want ?? got) - got;
    record.owed = rest > 0 && (!error || NOTHING_THERE.has(error)) ? rest : 0;
  } else if (got === 0 && !error && (event.want ?? 1) > 0) {
    record.eof = true;
  }
}

/** The thread of this call runs again. */
function returned(/** @type {State} */ state, /** @type {Event_} */ event) {
  const thread = state.threads[`t${event.th ?? 0}`];
  if (!thread) return;
  if (thread.call) thread.blocked += event.ns ?? state.t - thread.since;
  thread.call = "";
  thread.held = "";
  thread.since = state.t;
  thread.key = keyOf(event);
}

/** Leave the place where it is held; the time there belongs to no phase. */
function goOn(/** @type {State} */ state, /** @type {Event_} */ event) {
  const { held } = state;
  if (held !== null && held.at !== "kernel") {
    const pause = state.t - held.t;
    state.totals.paused += pause;
    state.since = Math.min(state.since + pause, state.t);
  }
  state.held = null;
  for (const [name, thread] of Object.entries(state.threads)) {
    if (!("th" in event) || name === `t${event.th}`) thread.held = "";
  }
}

// ----------------------------------------------------------------- changes

/** @type {Map<string, (state: State, event: Event_) => void>} */
const CHANGES = new Map(
  Object.entries({
    open(state, event) {
      const record = handle(state, event);
      record.role = event.role;
      record.peer = event.peer ?? "";
      remember(state, "open", keyOf(event), 0, record.peer);
    },

    close(state, event) {
      const key = keyOf(event);
      delete state.ready[key];
      if (!(key in state.handles)) return;
      delete state.handles[key];
      state.totals.closed += 1;
      remember(state, "close", key);
    },

    reg(state, event) {
      const record = handle(state, event);
      record.mask = event.mask;
      record.cb = event.cb ?? record.cb;
    },

    unreg(state, event) {
      const key = keyOf(event);
      delete state.ready[key];
      const record = state.handles[key];
      if (record) record.mask = record.ready = 0;
    },

    queues(state, event) {
      for (const [fd, gen, unread, unsent] of event.kernel) {
        const record = state.handles[`${fd}#${gen}`];
        if (record) Object.assign(record, { unread, unsent });
      }
    },

    wait(state, event) {
      newTurn(state, event, "waiting");
      state.watched = event.n;
      state.timeout = event.timeout ?? null;
    },

    wake(state, event) {
      finish(state, "between");
      forgetReady(state);
      state.turn = event.turn;
      const found = event.ready.length;
      state.totals.found += found;
      state.now.found += found;
      for (const [fd, gen, mask] of event.ready) {
        const key = `${fd}#${gen}`;
        state.ready[key] = mask;
        if (key in state.handles) state.handles[key].ready = mask;
      }
      remember(state, "wake", "", found);
    },

    turn(state, event) {
      newTurn(state, event, "asking");
    },

    begin(state, event) {
      finish(state, "handling");
      const key = keyOf(event);
      const cb = event.cb ?? state.handles[key]?.cb ?? "";
      state.running = { key, cb, mask: event.mask ?? 0 };
      remember(state, "begin", key, 0, cb);
    },

    end(state, event) {
      finish(state, "between");
      if (!("err" in event)) return;
      state.totals.errors += 1;
      remember(state, "error", keyOf(event), 0, event.err);
    },

    call(state, event) {
      if (state.phase === "starting") enter(state, "calling");
      const key = keyOf(event);
      const thread = threadOf(state, event.th);
      Object.assign(thread, { call: event.op, key, since: state.t, held: "" });
      const record = state.handles[key];
      if (record && WAYS.get(event.op) === "sent") record.owed = event.want ?? 0;
    },

    io(state, event) {
      const { totals } = state;
      const { op } = event;
      const key = keyOf(event);
      const got = event.got ?? 0;
      const error = event.err ?? "";
      const nothing = NOTHING_THERE.has(error);
      totals.calls += 1;
      if (nothing) totals.wasted += 1;
      else if (error) totals.errors += 1;
      else if (op === "accept") totals.accepted += 1;
      const way = WAYS.get(op);
      if (way) totals[way] += got;
      const record = state.handles[key];
      if (record) {
        record.calls += 1;
        Object.assign(record, { last: op, at: state.t, err: error });
        if (nothing) record.wasted += 1;
        if (way) move(record, way, got, event);
      }
      returned(state, event);
      if (!nothing) remember(state, op, key, got, error);
    },

    waste(state, event) {
      const record = state.handles[keyOf(event)];
      state.totals.wasted += event.n;
      state.totals.calls += event.n;
      if (!record) return;
      record.wasted += event.n;
      record.calls += event.n;
      record.at = state.t;
    },

    thread(state, event) {
      if (event.on) threadOf(state, event.th).name = event.name;
      else delete state.threads[`t${event.th}`];
    },

    detail(state, event) {
      state.every = event.every;
    },

    agg(state, event) {
      const { totals, handles, t } = state;
      const before = totals.calls;
      state.every = false;
      for (const [fd, gen, received, sent, calls, wasted, owed] of event.handles) {
        totals.received += received;
        totals.sent += sent;
        totals.calls += calls;
        totals.wasted += wasted;
        const record = handles[`${fd}#${gen}`];
        if (!record) continue;
        record.received += received;
        record.sent += sent;
        record.calls += calls;
        record.wasted += wasted;
        Object.assign(record, { owed, at: t, ready: 0 });
      }
      for (const name of ["found", "accepted", "errors"]) totals[name] += event[name] ?? 0;
      for (const phase of PHASES) state.spent[phase] += event.spent?.[phase] ?? 0;
      if ("ns" in event && (state.slowest === null || event.ns > state.slowest.ns)) {
        state.slowest = { key: event.key ?? "", cb: event.cb ?? "", ns: event.ns };
      }
      for (const [th, op, fd, gen, blocked] of event.threads ?? []) {
        const thread = threadOf(state, th);
        Object.assign(thread, { call: op, key: `${fd}#${gen}`, since: t, held: "" });
        thread.blocked += blocked;
      }
      forgetReady(state);
      state.turn = event.turn ?? state.turn;
      Object.assign(state, { now: emptyTurn(), last: emptyTurn(), running: null, since: t });
      remember(state, "agg", "", totals.calls - before);
    },

    ctl(state, event) {
      const { what } = event;
      state.asked = event.n ?? state.asked;
      if (what === "pause") {
        state.mode = what;
        state.paused ??= state.t;
      } else if (["run", "step", "until"].includes(what)) {
        goOn(state, event);
        state.mode = what;
        state.until = event.until ?? null;
        if (what !== "step") state.paused = null;
      }
      remember(state, what, "", 0, event.by ?? "");
    },

    held(state, event) {
      const { at } = event;
      const before = state.held;
      state.asked = event.n ?? state.asked;
      if (before === null || before.at === "kernel") {
        const { cb = "", why = "" } = event;
        state.held = { at, t: state.t, key: keyOf(event), cb, why };
      }
      if (at !== "kernel") state.mode = "pause";
      state.paused ??= state.t;
      if ("th" in event) threadOf(state, event.th).held = at;
    },

    cost(state, event) {
      state.totals.cost += event.ns;
    },

    log(state, event) {
      state.log.push({ t: state.t, text: event.text, stream: event.stream ?? "out" });
      if (state.log.length > LOG_LENGTH) state.log.shift();
    },

    note(state, event) {
      remember(state, "note", "", 0, event.text);
    },

    drop(state, event) {
      state.totals.dropped += event.n;
      remember(state, "drop", "", event.n);
    },

    key(state, event) {
      const { meta } = state;
      Object.assign(state, snapshot(event.state), { meta });
    },

    bye(state, event) {
      finish(state, "ended");
      forgetReady(state);
      state.ended = { t: state.t, code: event.code ?? null };
    },
  }),
);
