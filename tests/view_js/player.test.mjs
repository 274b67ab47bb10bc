// Walking through recordings: every moment is the same however one has come there.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { frameOf } from "../../reactorkit/view/js/look.js";
import { Player, recordingOf } from "../../reactorkit/view/js/player.js";
import { Windows } from "../../reactorkit/view/js/windows.js";

const FOLDER = join(dirname(fileURLToPath(import.meta.url)), "..", "trace", "golden");
const NAMES = readdirSync(FOLDER)
  .filter((name) => name.endsWith(".jsonl"))
  .map((name) => name.slice(0, -".jsonl".length));

const golden = (name) => recordingOf(readFileSync(join(FOLDER, `${name}.jsonl`), "utf8"));

/** A loop that serves so many handles, event by event. */
function longTrace(length, handles = 50) {
  const events = [{ e: "open", t: 1, fd: 3, gen: 0, role: "listener" }];
  for (let fd = 5; fd < 5 + handles; fd += 1) {
    events.push({ e: "open", t: 2, fd, gen: 0, role: "client", peer: `client ${fd}` });
    events.push({ e: "reg", t: 2, fd, gen: 0, mask: 1 });
  }
  for (let turn = 1; events.length < length; turn += 1) {
    const t = turn * 1_000_000;
    const fd = 5 + (turn % handles);
    events.push({ e: "wait", t, turn, n: handles });
    events.push({ e: "wake", t: t + 500_000, turn, ready: [[fd, 0, 1]] });
    events.push({ e: "begin", t: t + 510_000, fd, gen: 0, mask: 1, cb: "answer" });
    events.push({ e: "io", t: t + 520_000, op: "recv", fd, gen: 0, want: 64, got: 64 });
    events.push({ e: "io", t: t + 530_000, op: "send", fd, gen: 0, want: 64, got: 64 });
    events.push({ e: "end", t: t + 540_000, fd, gen: 0 });
  }
  return { header: { server: "echo_select", style: "select" }, events: events.slice(0, length) };
}

function straight({ header, events }, at) {
  const windows = new Windows(header);
  for (const event of events.slice(0, at)) windows.feed(event);
  return windows;
}

const seen = (windows) => frameOf(windows, { now: windows.state.t });

for (const name of NAMES) {
  test(`${name}: each position is the same forwards, backwards and by jumps`, () => {
    const recording = golden(name);
    const player = new Player(recording.header, recording.events);
    const all = Array.from({ length: player.length + 1 }, (_, at) => at);
    const jumps = all.map((at) => (at * 7) % (player.length + 1));
    for (const at of [...all, ...all.toReversed(), ...jumps]) {
      player.seek(at);
      assert.deepEqual(seen(player.windows), seen(straight(recording, at)), `position ${at}`);
    }
  });
}

test("a walk forwards and a walk back stop at the same places", () => {
  for (const name of NAMES) {
    for (const of of ["turn", "handler"]) {
      const { header, events } = golden(name);
      const player = new Player(header, events);
      const there = [];
      while (!player.over) {
        player.forward(of);
        there.push(player.at);
      }
      const back = [];
      while (player.at > 0) {
        back.push(player.at);
        player.back(of);
      }
      assert.deepEqual(back.toReversed(), there, `${name}, ${of}`);
      assert.ok(there.length > 1, `${name} has several ${of}s`);
    }
  }
});

test("a turn ends where the loop waits again, a handler before the next one", () => {
  const { header, events } = longTrace(500);
  const player = new Player(header, events);
  player.seek(300);
  player.forward("turn");
  assert.equal(events[player.at - 1].e, "wait");
  player.forward("handler");
  assert.equal(events[player.at].e, "begin");
  player.forward("handler");
  assert.equal(events[player.at - 1].e, "wait");
});

test("any moment of 10,000 events is there within 50 ms", () => {
  const { header, events } = longTrace(10_000, 100);
  const player = new Player(header, events);
  player.seek(player.length); // the first time through builds the places to come back to
  const took = [];
  for (const at of [9_999, 1, 5_000, 9_000, 4_321, 7_777, 2, 9_998]) {
    const start = performance.now();
    player.seek(at);
    player.frame();
    took.push(performance.now() - start);
  }
  took.sort((a, b) => a - b);
  assert.ok(took[took.length >> 1] < 50, `half of the seeks took ${took[took.length >> 1]} ms`);
});

test("places to come back to are bounded, also with very many handles", () => {
  const { header, events } = longTrace(30_000, 4_000);
  const player = new Player(header, events);
  player.seek(player.length);
  assert.ok(player.checkpoints.length <= 5, `${player.checkpoints.length} copies`);
});

test("time passes, and a moment can be gone to by its time", () => {
  const { header, events } = longTrace(2_000);
  const player = new Player(header, events);
  player.advanceTo(20_000_000);
  assert.equal(player.t, 20_000_000);
  assert.ok(events[player.at].t > 20_000_000);
  assert.ok(events[player.at - 1].t <= 20_000_000);
  const at = player.at;
  player.seekTime(9_000_000);
  assert.ok(player.at < at);
  player.seekTime(20_000_000);
  assert.equal(player.at, at);
  assert.equal(player.frame().t, 20_000_000);
  player.advanceTo(1e18);
  assert.ok(player.over);
  assert.equal(player.t, player.t1);
});

test("a recording of nothing has one moment", () => {
  const player = new Player({ server: "x", style: "select" }, []);
  player.seek(5);
  player.forward();
  player.back();
  player.advanceTo(10);
  const frame = player.frame();
  assert.deepEqual([frame.place.at, frame.place.length, frame.count], [0, 0, 0]);
});

test("keyframes for seeking are left out of what is read, but for a first one", () => {
  const { events } = recordingOf(
    [
      '{"schema":"reactorkit-trace","v":1,"server":"s","style":"select"}',
      '{"e":"key","t":5,"auto":true,"state":{}}',
      '{"e":"note","t":6,"text":"x"}',
      '{"e":"key","t":7,"auto":true,"state":{}}',
      "",
    ].join("\n"),
  );
  assert.deepEqual(
    events.map((event) => event.t),
    [5, 6],
  );
});

test("a warning about the file is said on the board", () => {
  const { header, events } = longTrace(200);
  const player = new Player(header, events, { warning: "It is not whole.", title: "one" });
  assert.ok(player.frame().notes.includes("It is not whole."));
  assert.equal(player.frame().title, "one");
});
