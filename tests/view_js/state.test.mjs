// The fold in JavaScript, held to the same golden traces as the one in Python.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { apply } from "../../reactorkit/view/js/state.js";
import {
  initial,
  keyframe,
  LOG_LENGTH,
  snapshot,
  TIMELINE_LENGTH,
} from "../../reactorkit/view/js/state_shape.js";

const FOLDER = join(dirname(fileURLToPath(import.meta.url)), "..", "trace", "golden");
const NAMES = readdirSync(FOLDER)
  .filter((name) => name.endsWith(".jsonl"))
  .map((name) => name.slice(0, -".jsonl".length));
const GONE = "gone";

function linesOf(name) {
  const text = readFileSync(join(FOLDER, `${name}.jsonl`), "utf8");
  const [header, ...events] = text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  return { header, events };
}

const branches = (value) => typeof value === "object" && value !== null;
const copied = (state) => JSON.parse(JSON.stringify(state));

/** What is different between two states, by path; the twin of changes() in golden.py. */
function changes(before, after, path = "") {
  const found = {};
  for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const where = path ? `${path}.${name}` : name;
    if (!(name in after)) found[where] = GONE;
    else if (!(name in before)) found[where] = after[name];
    else if (branches(before[name]) && branches(after[name])) {
      Object.assign(found, changes(before[name], after[name], where));
    } else if (before[name] !== after[name]) found[where] = after[name];
  }
  return found;
}

test("there are golden traces", () => assert.ok(NAMES.length >= 8));

for (const name of NAMES) {
  test(`${name}: every line changes what it is to change, and nothing else`, () => {
    const { header, events } = linesOf(name);
    const expected = JSON.parse(readFileSync(join(FOLDER, `${name}.json`), "utf8"));
    const state = initial(header);
    assert.equal(events.length, expected.length);
    events.forEach((event, i) => {
      const before = copied(state);
      const after = copied(apply(state, event));
      const told = { e: event.e, changes: changes(before, after) };
      assert.deepEqual(told, expected[i], `${name}.jsonl, line ${i + 2}`);
    });
  });

  test(`${name}: a keyframe between any two lines changes nothing`, () => {
    const { header, events } = linesOf(name);
    const state = initial(header);
    for (const event of events) {
      assert.deepEqual(apply(initial(header), copied(keyframe(state))), copied(state));
      apply(state, event);
    }
  });
}

test("a snapshot does not move with later events", () => {
  const { header, events } = linesOf("select");
  const state = initial(header);
  events.slice(0, 12).forEach((event) => {
    apply(state, event);
  });
  const copy = snapshot(state);
  const frozen = copied(state);
  events.slice(12).forEach((event) => {
    apply(state, event);
  });
  assert.deepEqual(copy, frozen);
});

test("kinds that sound like parts of the language are unknown kinds", () => {
  const state = initial();
  for (const e of ["constructor", "__proto__", "toString", "hasOwnProperty"]) {
    apply(state, { e, t: 1 });
  }
  assert.deepEqual({ ...state, t: 0 }, initial());
});

test("the timeline and the log keep the newest", () => {
  const state = initial();
  for (let t = 1; t <= 1000; t += 1) {
    apply(state, { e: "note", t, text: "x" });
    apply(state, { e: "log", t, text: "y" });
  }
  assert.equal(state.timeline.length, TIMELINE_LENGTH);
  assert.equal(state.log.length, LOG_LENGTH);
  assert.equal(state.timeline.at(-1).t, 1000);
});
