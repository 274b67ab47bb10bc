// What the board says in words: always true, never an exception.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { cardLines } from "../../reactorkit/view/js/card.js";
import { standOf, whyNot } from "../../reactorkit/view/js/controls.js";
import { costWords } from "../../reactorkit/view/js/corner.js";
import { emptyFrame } from "../../reactorkit/view/js/frame.js";
import { doesWhat, laneState, partsOf, threadName } from "../../reactorkit/view/js/lanes.js";
import { fits, Names } from "../../reactorkit/view/js/naming.js";
import { badgeOf, emptyWords } from "../../reactorkit/view/js/panel.js";
import { Player } from "../../reactorkit/view/js/player.js";
import { newHandle } from "../../reactorkit/view/js/state_shape.js";
import { lanesOf, slicesNow, turnAt, turnWords } from "../../reactorkit/view/js/strip.js";
import {
  isFast,
  sayAloud,
  sayHeld,
  sayNow,
  sayPhase,
  textTwin,
} from "../../reactorkit/view/js/summary.js";
import { threadTiles, tileFits, tilesOf, tileWords } from "../../reactorkit/view/js/tiles.js";
import { entryWords } from "../../reactorkit/view/js/timeline.js";

const GOLDEN = new URL("../trace/golden/", import.meta.url);
const plain = (text) => text.replaceAll("\u202f", " ");

function client(fd, changes = {}) {
  const record = { ...newHandle(fd, 0, 0), role: "client", mask: 1, ...changes };
  return { ...record, key: `${fd}#${record.gen}` };
}

/** A Frame of a select server with a listener and some clients. */
function frameWith(changes = {}, clients = [client(5), client(6), client(7)]) {
  const listener = { ...client(3), role: "listener" };
  const handles = [listener, ...clients];
  const frame = { ...emptyFrame(), name: "echo_select", title: "select", style: "select", t: 1e9 };
  return Object.assign(
    frame,
    { phase: "waiting", handles, count: handles.length, watched: 4 },
    changes,
  );
}

function namesOf(frame) {
  const names = new Names();
  names.learn(frame);
  return names;
}

const now = (frame) => plain(sayNow(frame, namesOf(frame)));

test("clients are numbered when they are first seen, and keep their numbers", () => {
  const frame = frameWith();
  const names = namesOf(frame);
  assert.equal(names.who("3#0"), "listener");
  assert.equal(names.who("6#0"), "client 2");
  assert.equal(names.full("6#0"), "fd 6 (client 2)");
  frame.handles = [client(6, { gen: 1 }), client(7)];
  names.learn(frame);
  assert.equal(names.who("6#1"), "client 4", "the number is used again, the client is another");
  assert.equal(names.who("6#0"), "client 2");
  assert.equal(names.who("99#0"), "fd 99");
  assert.equal(names.full("99#0"), "fd 99");
});

test("among very many, too, everybody has a number but the listener", () => {
  const frame = frameWith();
  const keys = Array.from({ length: 300 }, (_, i) => `${i + 3}#0`);
  frame.cells = { keys, look: new Uint8Array(300), heat: new Uint8Array(300) };
  const names = namesOf(frame);
  assert.equal(names.who("3#0"), "listener");
  assert.match(names.who("200#0"), /^client \d+$/);
});

test("a loop waits, is told who is ready, runs a handler", () => {
  assert.equal(now(frameWith()), "It waits for any of 4 descriptors.");
  assert.equal(
    now(frameWith({ timeout: 5 })),
    "It waits for any of 4 descriptors, at most 5.00 s.",
  );
  assert.equal(
    now(frameWith({ timeout: 0 })),
    "It waits for any of 4 descriptors, without waiting.",
  );
  const ready = { "5#0": 1, "7#0": 1 };
  const woken = frameWith({ phase: "between", ready, ready_count: 2 });
  assert.equal(now(woken), "The kernel says: client 1 and client 3 are ready.");
  const many = frameWith({ phase: "between", ready, ready_count: 40 });
  assert.equal(now(many), "The kernel says: client 1, client 3 and 38 more are ready.");
  const running = { key: "5#0", cb: "EchoServer.read", mask: 1 };
  const runs = frameWith({ phase: "handling", ready, ready_count: 2, running });
  assert.equal(now(runs), "It runs read for fd 5 (client 1). 1 more is ready.");
  const callback = frameWith({ phase: "handling", running: { key: "", cb: "echo()", mask: 0 } });
  assert.equal(now(callback), "It runs echo().");
});

test("turns that go by too fast are spoken of together, unless somebody looks closely", () => {
  const rates = { ...emptyFrame().rates, turns: 800, found: 2400 };
  const fast = frameWith({ rates, idle_share: 0.93, every: false });
  assert.ok(isFast(fast));
  fast.spent = { waiting: 1, between: 1, handling: 1, asking: 0 };
  assert.equal(now(fast), "800 turns a second, 3.0 ready in each, 93 % of the time it waits.");
  assert.ok(!isFast({ ...fast, paused: 5 }));
  assert.ok(!isFast({ ...fast, place: { ...fast.place, live: false } }));
});

test("threads and busy loops have sentences of their own", () => {
  const threads = frameWith({
    phase: "calling",
    blocked_in: { accept: 1, recv: 29 },
    thread_count: 31,
  });
  threads.running_threads = 1;
  assert.equal(now(threads), "31 threads. Blocked: 29 in recv(), 1 in accept(). 1 running.");
  const busy = frameWith({ phase: "asking" });
  busy.rates = { ...busy.rates, calls: 191_100, wasted: 191_080 };
  assert.equal(
    now(busy),
    "It asks 191,100 times a second: >99 % of the answers are “nothing there”.",
  );
  assert.match(now({ ...busy, paused: 1 }), /^It asks every one of 4 descriptors/);
});

test("an end is told with its status, and a bad one with the last words", () => {
  assert.equal(
    now(frameWith({ ended: { t: 1, code: 0 } })),
    "The server has ended, with status 0: all is well.",
  );
  const log = [{ t: 1, text: "OSError: too many open files", stream: "err" }];
  assert.equal(
    now(frameWith({ ended: { t: 1, code: 1 }, log })),
    "The server has ended with status 1. Last it printed: OSError: too many open files",
  );
  assert.equal(now(frameWith({ ended: { t: 1, code: -9 } })), "The server was killed by signal 9.");
  assert.equal(
    now(frameWith({ ended: { t: 1, code: null } })),
    "The server has died without a word.",
  );
});

test("where a paused server stands, and what comes next", () => {
  const at = (held, more = {}) => {
    const frame = frameWith({
      paused: 1,
      held: { t: 5e8, key: "", cb: "", why: "", ...held },
      ...more,
    });
    const { where, next } = sayHeld(frame, namesOf(frame));
    return `${where} | ${next}`;
  };
  assert.equal(
    at({ at: "handler", key: "7#0", cb: "EchoServer.read" }),
    "Held before a handler | read for fd 7 (client 3)",
  );
  assert.equal(
    at({ at: "call", key: "7#0", cb: "recv", why: "descriptor 7 is ready" }),
    "Held before recv on fd 7 (client 3), because descriptor 7 is ready | recv on fd 7 (client 3)",
  );
  const after = [client(7, { last: "recv", at: 5e8 })];
  assert.match(at({ at: "call", key: "7#0", cb: "recv" }, { handles: after }), /^Held after recv/);
  assert.match(at({ at: "kernel" }), /^It waits in the kernel \| nothing, until somebody/);
  assert.equal(
    at({ at: "turn" }),
    "Held between two turns | it asks the kernel again who is ready, of 4 descriptors",
  );
  const running = frameWith();
  assert.deepEqual(sayHeld(running, namesOf(running)), { where: "", next: "" });
  assert.match(sayHeld(frameWith({ paused: 1 }), new Names()).where, /is being paused/);
});

test("the phase in two words", () => {
  const say = (changes) => plain(sayPhase(frameWith(changes), namesOf(frameWith())).text);
  assert.equal(say({}), "waits");
  assert.equal(say({ phase: "between", ready_count: 3 }), "▲ 3 ready");
  assert.equal(
    say({ phase: "handling", running: { key: "6#0", cb: "read", mask: 1 } }),
    "▶ client 2",
  );
  assert.equal(say({ phase: "calling", running_threads: 0 }), "all blocked");
});

test("the badge says paused for how long, past, ended, died, loading", () => {
  const tone = (changes, paused = 0) => {
    const { text, tone: colour } = badgeOf(frameWith(changes), paused);
    return `${colour}: ${plain(text)}`;
  };
  assert.equal(tone({}), "live: live");
  assert.equal(
    tone({ paused: 1 }, 12.4e9),
    "paused: paused for 12 s: the kernel keeps what clients send",
  );
  assert.equal(plain(badgeOf(frameWith({ paused: 1 }), 12.4e9, true).text), "paused for 12 s");
  const place = { ...emptyFrame().place, live: false, t: 2e9, zero: 5e8 };
  assert.equal(tone({ paused: 1, place }), "past: past, at 2.500 s");
  assert.equal(badgeOf(frameWith({ place }), 0, false, true).text, "recording");
  assert.equal(tone({ ended: { t: 1, code: 0 } }), "ended: ended, status 0");
  assert.equal(tone({ ended: { t: 1, code: null } }), "died: died");
  assert.equal(badgeOf(emptyFrame(), 0).tone, "loading");
});

test("a server without clients says so, and how to add one where one can be added", () => {
  assert.equal(emptyWords(frameWith()), "");
  assert.equal(emptyWords(frameWith({}, []), "Add one."), "No client is connected. Add one.");
  assert.equal(emptyWords(frameWith({ ended: { t: 1, code: 0 } }, [])), "");
  assert.equal(sayNow(emptyFrame(), new Names()), "Waiting for the first picture…");
});

test("the text twin has a line for each handle with all that a picture shows", () => {
  const frame = frameWith({ running: { key: "5#0", cb: "read", mask: 1 }, phase: "handling" }, [
    client(5, { ready: 1 }),
    client(6, { mask: 3, owed: 42, wasted: 7, eof: true, err: "EPIPE" }),
  ]);
  const lines = textTwin(frame, namesOf(frame)).split("\n");
  assert.ok(lines.includes("fd 5 client 1 R READY RUNNING"));
  assert.ok(lines.includes("fd 6 client 2 RW owed=42 wasted=7 EOF EPIPE"));
  assert.match(lines[0], /^select: It runs read/);
  assert.match(sayAloud(frame, namesOf(frame)), /^select: It runs read for fd 5/);
  const paused = frameWith({ paused: 1, held: { at: "turn", t: 1, key: "", cb: "", why: "" } });
  assert.match(textTwin(paused, namesOf(paused)), /^paused\. Held between two turns/m);
  assert.match(sayAloud(paused, namesOf(paused)), /^select: paused\. Held between/);
});

test("nothing that is drawn in words fails on an empty Frame or on a golden trace", () => {
  const frames = [emptyFrame()];
  for (const name of readdirSync(GOLDEN)) {
    if (!name.endsWith(".jsonl")) continue;
    const lines = readFileSync(new URL(name, GOLDEN), "utf-8").trim().split("\n");
    const [header, ...events] = lines.map((line) => JSON.parse(line));
    const player = new Player(header, events);
    for (let at = 0; at <= events.length; at += 1) {
      player.seek(at);
      frames.push(player.frame({ playing: false, speed: 1 }));
    }
  }
  assert.ok(frames.length > 100);
  for (const frame of frames) {
    const names = namesOf(frame);
    const texts = [sayNow(frame, names), sayAloud(frame, names), textTwin(frame, names)];
    texts.push(sayPhase(frame, names).text, costWords(frame), badgeOf(frame, 0).text);
    for (const entry of frame.timeline) texts.push(entryWords(entry, names).what);
    for (const one of frame.handles) texts.push(...cardLines(one, frame, true).flat());
    for (const text of texts) assert.doesNotMatch(text, /undefined|NaN|null|\[object/);
    assert.equal(tilesOf(frame).look.length, frame.count);
    lanesOf(slicesNow(frame, true), true);
  }
});

test("a filter finds by number, name, address, interest and state", () => {
  const one = client(7, { peer: "127.0.0.1:40007", ready: 1, cb: "read", owed: 5 });
  for (const text of ["", " 7 ", "3", "client 3", "40007", "READY", "owed", "read"]) {
    assert.ok(fits(text, one, "client 3"), text);
  }
  for (const text of ["8", "client 4", "write", "eof"])
    assert.ok(!fits(text, one, "client 3"), text);
  const names = namesOf(frameWith());
  assert.ok(tileFits("ready", "7#0", 5, names));
  assert.ok(!tileFits("ready", "7#0", 1, names));
  assert.ok(tileFits("7", "7#0", 1, names));
  assert.ok(!tileFits("8", "7#0", 1, names));
  assert.equal(tileWords("7#0", 5, names), "fd 7 (client 3): ready");
  assert.equal(tileWords("7#0", 1, names), "fd 7 (client 3): waits to read");
  assert.equal(tileWords("7#0", 0, names), "fd 7 (client 3): nothing goes on");
});

test("threads: what they do, how they divide, which are bright", () => {
  const thread = (id, call, held = "") => ({ id, th: id, name: `Thread-${id} (echo)`, call, held });
  assert.equal(doesWhat(thread(1, "recv")), "in recv");
  assert.equal(doesWhat(thread(1, "")), "running");
  assert.equal(laneState(thread(1, "recv")), "blocked");
  assert.equal(laneState(thread(1, "", "call")), "next");
  assert.equal(threadName(thread(12, "")), "thread 12");
  assert.equal(threadName({ id: 0, name: "main" }), "main");
  const frame = frameWith({ blocked_in: { accept: 1, recv: 5, send: 0 }, running_threads: 0 });
  assert.deepEqual(
    partsOf(frame).map(({ id, n }) => [id, n]),
    [
      ["recv", 5],
      ["accept", 1],
      ["", 0],
    ],
  );
  frame.threads = [thread(0, "accept"), thread(1, ""), thread(2, "recv")];
  assert.deepEqual([...threadTiles(frame).look], [128, 8, 0]);
});

test("time lanes begin where all is known, and calls that have not ended are in them", () => {
  const slice = (t0, t1, th) => ({ t0, t1, key: "5#0", cb: "recv", th });
  const { lanes, t0, t1 } = lanesOf([slice(10, 20, 2), slice(5, 30, 1), slice(25, 40, 2)], true);
  assert.deepEqual([t0, t1, lanes.map(({ id }) => id)], [10, 40, [1, 2]]);
  assert.equal(lanesOf([slice(1, 2, 1), slice(2, 3, 2)], false).lanes.length, 1);
  assert.deepEqual(lanesOf([], true).lanes, []);
  const frame = frameWith({ t: 100 });
  frame.threads = [{ id: 4, call: "recv", key: "5#0", since: 60 }];
  assert.deepEqual(slicesNow(frame, true), [{ t0: 60, t1: 100, key: "5#0", cb: "recv", th: 4 }]);
  Object.assign(frame, {
    phase: "handling",
    since: 90,
    running: { key: "6#0", cb: "read", mask: 1 },
  });
  assert.deepEqual(slicesNow(frame, false), [{ t0: 90, t1: 100, key: "6#0", cb: "read", th: 0 }]);
});

test("the newest turn stands at the right of the band", () => {
  const turns = [1, 2, 3].map((turn) => ({
    turn,
    t0: 0,
    found: 1,
    waiting: 2e6,
    between: 0,
    handling: 0,
    asking: 0,
  }));
  assert.equal(turnAt(turns, 1199, 1200)?.turn, 3);
  assert.equal(turnAt(turns, 1185, 1200)?.turn, 2);
  assert.equal(turnAt(turns, 10, 1200), null);
  assert.equal(plain(turnWords(turns[0])), "Turn 1: waited 2.00 ms, 1 handle ready");
});

test("what has happened, in words", () => {
  const names = namesOf(frameWith());
  const say = (op, more = {}) => {
    const { sign, what, tone } = entryWords(
      { t: 0, op, key: "5#0", n: 0, text: "", ...more },
      names,
    );
    return plain(`${sign} ${what} ${tone}`.trim());
  };
  assert.equal(say("recv", { n: 96 }), "← client 1 recv 96 B");
  assert.equal(say("recv"), "⊣ client 1 sends no more");
  assert.equal(say("recv", { text: "ECONNRESET" }), "✕ client 1 recv: ECONNRESET warn");
  assert.equal(say("send", { n: 2048 }), "→ client 1 send 2.00 KiB");
  assert.equal(say("wake", { key: "", n: 3 }), "▲ woke: 3 ready ready");
  assert.equal(say("begin", { text: "A.read" }), "▶ read client 1 run");
  assert.equal(say("agg", { key: "", n: 1234 }), "Σ 1,234 calls, told as a sum soft");
  assert.equal(say("constructor", { key: "" }), "· constructor");
});

test("controls that are off say why; a stand is of all servers together", () => {
  const can = { step: true, back: false, client: "No server here." };
  assert.equal(whyNot({ can }, "step"), "");
  assert.match(whyNot({ can }, "back"), /Pause first/);
  assert.equal(whyNot({ can }, "client"), "No server here.");
  assert.notEqual(whyNot({ can }, "constructor"), "");
  const a = frameWith();
  const b = frameWith({ paused: 5 });
  a.place = { ...a.place, t: 3e9, t1: 4e9 };
  b.place = { ...b.place, t: 1e9, t1: 2e9, zero: 3e9 };
  assert.equal(standOf([a, b], false).moving, true);
  assert.equal(standOf([b], false).moving, false);
  assert.equal(standOf([a, b], false).t1, 5e9);
  assert.equal(standOf([a], true).moving, false);
  const past = { ...b, place: { ...b.place, live: false } };
  assert.equal(standOf([a, past], false).past, true);
  assert.equal(standOf([{ ...a, ended: { t: 1, code: 0 } }], false).ended, true);
});

test("the corner tells what watching costs, and what was lost", () => {
  const frame = frameWith({ costs: { probe: 0.031, dropped: 0, latency_ms: 9.4, fps: 29.7 } });
  assert.equal(
    plain(costWords(frame)),
    "watching costs 3 % · nothing lost · 9 ms behind · 30 pictures/s",
  );
  frame.costs = { probe: null, dropped: 2, latency_ms: null, fps: null };
  frame.every = false;
  assert.equal(costWords(frame), "2 events lost · sums, not single calls");
});
