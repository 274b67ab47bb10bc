// The controllers: what a command does, what is answered, what is asked for again.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { dirname, join } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { liveController } from "../../reactorkit/view/js/controller_live.js";
import { replayController } from "../../reactorkit/view/js/controller_replay.js";

const HERE = dirname(fileURLToPath(import.meta.url));

function trace(from, turns, pause = 10_000_000) {
  const events = [];
  for (let turn = 1; turn <= turns; turn += 1) {
    const t = from + turn * pause;
    events.push({ e: "wait", t, turn, n: 1 }, { e: "wake", t: t + 1000, turn, ready: [] });
  }
  return { header: { server: "echo_select", style: "select" }, events };
}

/** A clock that is moved by hand. */
function handClock() {
  const waiting = new Map();
  let number = 0;
  return {
    t: 0,
    now() {
      return this.t;
    },
    later(callback) {
      number += 1;
      waiting.set(number, callback);
      return number;
    },
    cancel(id) {
      waiting.delete(id);
    },
    pass(milliseconds) {
      this.t += milliseconds;
      const due = [...waiting.values()];
      waiting.clear();
      for (const callback of due) callback();
    },
    get idle() {
      return waiting.size === 0;
    },
  };
}

test("recordings play on one clock, to the end, and from the start again", () => {
  const ticks = handClock();
  const controller = replayController([trace(5_000_000_000, 100), trace(0, 50)], {}, ticks);
  controller.act("all", { do: "play" });
  ticks.pass(200);
  const [one, two] = [controller.frame(0), controller.frame(1)];
  assert.equal(one.place.playing, true);
  assert.equal(one.t - one.place.t0, two.t - two.place.t0);
  assert.equal(one.t + one.place.zero, two.t + two.place.zero);
  assert.equal(one.place.zero, 0);
  ticks.pass(10_000);
  assert.equal(controller.frame(0).place.playing, false);
  assert.equal(controller.frame(0).place.at, 200);
  assert.ok(ticks.idle, "nothing goes on once it is over");
  controller.act("all", { do: "play" });
  ticks.pass(50);
  assert.ok(controller.frame(0).place.at < 20);
});

test("the speed says how fast time passes", () => {
  const ticks = handClock();
  const controller = replayController([trace(0, 100)], {}, ticks);
  controller.act(0, { do: "speed", value: 0.5 });
  controller.act(0, { do: "play" });
  ticks.pass(400);
  const { place } = controller.frame(0);
  assert.equal(place.t - place.t0, 200_000_000);
  assert.equal(place.speed, 0.5);
  controller.act(0, { do: "speed", value: "nonsense" });
  assert.equal(controller.frame(0).place.speed, 1);
});

test("stepping, seeking and ends", () => {
  const controller = replayController([trace(0, 100)], {}, handClock());
  controller.act("all", { do: "forward", of: "turn" });
  controller.act("all", { do: "step", of: "turn" });
  assert.equal(controller.frame(0).turn, 2);
  controller.act("all", { do: "back", of: "turn" });
  assert.equal(controller.frame(0).turn, 1);
  controller.act("all", { do: "seek", t: 500_000_000 });
  assert.equal(controller.frame(0).t, 500_000_000);
  assert.equal(controller.frame(0).turn, 50);
  controller.act("all", { do: "present" });
  assert.equal(controller.frame(0).turn, 100);
  controller.act("all", { do: "seek", at: 0 });
  assert.equal(controller.frame(0).turn, 0);
  controller.act("all", { do: "back" });
  assert.equal(controller.frame(0).place.at, 0);
});

test("several recordings walk together: the next moment of any of them is the next", () => {
  const controller = replayController(
    [trace(0, 10, 10_000), trace(0, 10, 15_000)],
    {},
    handClock(),
  );
  const turns = () => [controller.frame(0).turn, controller.frame(1).turn];
  const seen = [];
  for (let i = 0; i < 5; i += 1) {
    controller.act("all", { do: "forward" });
    seen.push(turns());
  }
  const sums = seen.map(([one, two]) => one + two);
  assert.deepEqual(
    sums,
    sums.toSorted((a, b) => a - b),
  );
  assert.equal(new Set(sums).size, sums.length, "each step shows something new");
  controller.act("all", { do: "back" });
  assert.deepEqual(turns(), seen.at(-2));
  controller.act("all", { do: "seek", t: 100_000 });
  assert.deepEqual(turns(), [10, 7]);
});

test("a moment beyond the end of the first recording is one of the others", () => {
  const controller = replayController([trace(0, 3), trace(7_000_000, 50)], {}, handClock());
  controller.act("all", { do: "seek", t: 400_000_000 });
  assert.deepEqual([controller.frame(0).turn, controller.frame(1).turn], [3, 40]);
  controller.act(1, { do: "seek", t: 17_000_000 });
  assert.deepEqual([controller.frame(0).turn, controller.frame(1).turn], [1, 1]);
});

test("every change is told once, and nobody is told who has left", () => {
  const controller = replayController([trace(0, 10)], {}, handClock());
  let told = 0;
  const leave = controller.on(() => {
    told += 1;
  });
  controller.act(0, { do: "forward" });
  controller.act(0, { do: "no such thing" });
  assert.equal(told, 1);
  leave();
  controller.act(0, { do: "forward" });
  assert.equal(told, 1);
});

test("a recording that is to play begins when it is first painted", () => {
  const ticks = handClock();
  const controller = replayController([trace(0, 10)], { play: true }, ticks);
  assert.ok(ticks.idle);
  controller.painted(0);
  assert.ok(!ticks.idle);
  assert.equal(controller.frame(0).place.playing, true);
  controller.close();
  assert.ok(ticks.idle);
});

/** The messages of an encoder in Python: a full one, and two that build on it. */
function messages() {
  const python = process.env.REACTORKIT_PYTHON;
  const printed = execFileSync(python, [join(HERE, "three_messages.py")], { encoding: "utf8" });
  return JSON.parse(printed).map(
    (text) => new DataView(Uint8Array.from(Buffer.from(text, "base64")).buffer),
  );
}

function model() {
  const hearers = new Map();
  return {
    sent: [],
    send(content) {
      this.sent.push(content);
    },
    on: (name, callback) => hearers.set(name, callback),
    off: (name) => hearers.delete(name),
    tell(n, buffer, ask = true) {
      hearers.get("msg:custom")?.({ kind: "frames", n, of: [0], ask }, [buffer]);
    },
    hearers,
  };
}

const START = { servers: [{ name: "echo_select", title: "select" }], clients: true };
const live = {
  skip: process.env.REACTORKIT_PYTHON ? false : "run by tests/view/test_javascript.py",
};

test("when a live frame has been painted, a question is answered, once", live, () => {
  const [full, second, third] = messages();
  const one = model();
  const controller = liveController(one, START);
  assert.equal(controller.frame(0).title, "select");
  const told = [];
  controller.on((i) => told.push(i));
  one.tell(1, full);
  controller.painted(0);
  controller.painted(0);
  one.tell(2, second, false);
  controller.painted(0);
  one.tell(3, third);
  controller.painted(0);
  controller.close();
  assert.deepEqual(told, [0, 0, 0]);
  assert.deepEqual(
    one.sent.filter((content) => content.do === "painted").map((content) => content.n),
    [1, 3],
  );
  assert.ok(controller.frame(0).costs.fps > 0);
  assert.equal(one.hearers.size, 0);
});

test("after a gap everything is asked for, and nothing wrong is shown meanwhile", live, () => {
  const [full, second, third] = messages();
  const one = model();
  const controller = liveController(one, START);
  one.tell(1, full);
  const before = controller.frame(0);
  one.tell(3, third); // the second was lost
  assert.equal(controller.frame(0), before);
  assert.deepEqual(one.sent.at(-1), { do: "hello" });
  one.tell(4, second); // still not a full one: nothing is asked twice at once
  assert.equal(one.sent.filter((content) => content.do === "hello").length, 1);
  one.tell(5, full);
  assert.notEqual(controller.frame(0), before);
  controller.close();
});

test("a kernel that has gone is said on the last picture", () => {
  const one = model();
  const controller = liveController(one, START);
  let told = 0;
  controller.on(() => {
    told += 1;
  });
  one.send = () => {
    throw new Error("Cannot send");
  };
  controller.act(0, { do: "pause" });
  assert.match(controller.frame(0).place.stuck, /restarted/);
  assert.match(String(controller.can.pause), /restarted/); // its button is dead, and says why
  assert.equal(told, 1);
  controller.close();
});

test("commands go to the kernel", live, () => {
  const one = model();
  const controller = liveController(one, START);
  assert.equal(controller.can.pause, true);
  controller.act("all", { do: "step", of: "turn" });
  controller.close();
  assert.deepEqual(one.sent, [{ do: "act", i: "all", command: { do: "step", of: "turn" } }]);
});
