// Which key does what; nothing happens while somebody types.

import assert from "node:assert/strict";
import { test } from "node:test";
import { KEYS, toggleOf, wishOf } from "../../reactorkit/view/js/keyboard.js";
import { AMOUNTS, CLIENTS, CONDITIONS } from "../../reactorkit/view/js/menus.js";

const LIVE = { replay: false, moving: true, past: false, typing: false, onButton: false };
const press = (key, more = {}) => ({
  key,
  shiftKey: false,
  ctrlKey: false,
  altKey: false,
  metaKey: false,
  ...more,
});
const act = (key, now = {}, more = {}) => wishOf(press(key, more), { ...LIVE, ...now })?.act;

test("space pauses, runs, plays and stops", () => {
  assert.deepEqual(act(" "), { do: "pause" });
  assert.deepEqual(act(" ", { moving: false }), { do: "run" });
  assert.deepEqual(act(" ", { replay: true }), { do: "stop" });
  assert.deepEqual(act(" ", { replay: true, moving: false }), { do: "play" });
  assert.equal(act(" ", { onButton: true }), undefined, "a button has its own use for it");
  assert.equal(toggleOf({ replay: true, moving: false }), "play");
});

test("arrows go a turn or a handler on and back; in the past they walk the recording", () => {
  assert.deepEqual(act("ArrowRight"), { do: "step", of: "turn" });
  assert.deepEqual(act("ArrowRight", {}, { shiftKey: true }), { do: "step", of: "handler" });
  assert.deepEqual(act("ArrowRight", { past: true }), { do: "forward", of: "turn" });
  assert.deepEqual(act("ArrowRight", { replay: true }), { do: "forward", of: "turn" });
  assert.deepEqual(act("ArrowLeft", {}, { shiftKey: true }), { do: "back", of: "handler" });
  assert.deepEqual(act("Home"), { do: "seek", at: 0 });
  assert.deepEqual(act("End"), { do: "present" });
});

test("a presenter's remote works", () => {
  assert.deepEqual(act("PageDown"), { do: "step", of: "turn" });
  assert.deepEqual(act("PageUp"), { do: "back", of: "turn" });
  assert.deepEqual(act("."), { do: "pause" });
});

test("letters are for the board, in both cases; the stage's own keys are left alone", () => {
  for (const [key, local] of [
    ["d", "detail"],
    ["P", "projector"],
    ["l", "log"],
    ["?", "help"],
    ["/", "filter"],
    ["Escape", "close"],
  ]) {
    assert.deepEqual(wishOf(press(key), LIVE), { local });
  }
  for (const key of "rRqQnNcC123456") assert.equal(wishOf(press(key), LIVE), null, key);
});

test("keys belong to whoever types, and to the browser with Ctrl, Alt and Meta", () => {
  for (const key of [" ", "d", "ArrowLeft", "?", "Home"]) {
    assert.equal(wishOf(press(key), { ...LIVE, typing: true }), null);
  }
  assert.deepEqual(wishOf(press("Escape"), { ...LIVE, typing: true }), { local: "close" });
  for (const held of ["ctrlKey", "altKey", "metaKey"]) {
    assert.equal(wishOf(press("p", { [held]: true }), LIVE), null);
  }
});

test("the help names every key that does something", () => {
  const named = KEYS.map(({ keys }) => keys).join(" ");
  for (const word of ["Space", "→", "←", "Home", "End", "Page Down", "D", "P", "L", "?", "Esc"]) {
    assert.ok(named.includes(word), word);
  }
});

test("conditions are sent in the form that the server understands", () => {
  const made = CONDITIONS.map(({ make, value }) => make(value ?? 0));
  assert.deepEqual(made, [
    { owed: [">", 65536] },
    { handler_ms: [">", 50] },
    { fd: 7 },
    { error: true },
    { wasted: true },
  ]);
});

test("every way of a client has a name, and can be added by one, ten or a hundred", () => {
  assert.deepEqual(AMOUNTS, [1, 10, 100]);
  assert.equal(new Set(CLIENTS.map(({ what }) => what)).size, CLIENTS.length);
  assert.ok(CLIENTS.every(({ name, does }) => name && does));
});
