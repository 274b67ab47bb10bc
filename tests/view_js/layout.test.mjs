// Which picture for how many handles, and where things lie in it.

import assert from "node:assert/strict";
import { test } from "node:test";
import { columnsFor, widthOf } from "../../reactorkit/view/js/columns.js";
import { emptyFrame } from "../../reactorkit/view/js/frame.js";
import {
  cellAt,
  kindOf,
  levelOf,
  mostRows,
  moveChoice,
  panelColumns,
  rasterOf,
  rowsInView,
  sharesOf,
  stretched,
} from "../../reactorkit/view/js/layout.js";

test("a table up to 32 handles, a grid up to 1,024, then a heat map", () => {
  assert.equal(levelOf(32, ""), "table");
  assert.equal(levelOf(33, ""), "grid");
  assert.equal(levelOf(1024, ""), "grid");
  assert.equal(levelOf(1025, ""), "heat");
  assert.equal(levelOf(8, "", mostRows(true, false)), "table");
  assert.equal(levelOf(9, "", mostRows(true, false)), "grid");
});

test("a crowd that comes and goes does not make the board jump", () => {
  assert.equal(levelOf(32, "grid"), "grid");
  assert.equal(levelOf(30, "grid"), "table");
  assert.equal(levelOf(1000, "heat"), "heat");
  assert.equal(levelOf(960, "heat"), "grid");
  assert.equal(levelOf(1, "grid", 1), "table");
});

test("four servers stand two by two, and one below the other where it is narrow", () => {
  assert.equal(panelColumns(1, 2000), 1);
  assert.equal(panelColumns(4, 1280), 2);
  assert.equal(panelColumns(3, 1280), 3);
  assert.equal(panelColumns(5, 1280), 3);
  assert.equal(panelColumns(3, 900), 2);
  assert.equal(panelColumns(4, 500), 1);
});

test("all cells fit, whatever the count and the room", () => {
  for (const count of [1, 2, 33, 300, 1000, 1024, 5000, 10_000]) {
    for (const [width, height] of [
      [900, 300],
      [560, 160],
      [320, 500],
    ]) {
      const raster = stretched(rasterOf(count, width, height, 88, 1), height);
      assert.ok(raster.columns * raster.cell <= width, `${count} in ${width}`);
      assert.ok(raster.rows * raster.high <= height, `${count} in ${height}`);
      assert.ok(raster.columns * raster.rows >= count);
    }
  }
  const { cell } = rasterOf(10_000, 940, 280, 16, 1);
  assert.ok(cell >= 4, "ten thousand can still be pointed at");
});

test("a point hits the cell that is drawn there, and nothing beyond the last", () => {
  const raster = { columns: 5, rows: 3, cell: 10, high: 20, count: 12 };
  assert.equal(cellAt(raster, 0, 0), 0);
  assert.equal(cellAt(raster, 49, 19), 4);
  assert.equal(cellAt(raster, 50, 0), -1);
  assert.equal(cellAt(raster, 0, 20), 5);
  assert.equal(cellAt(raster, 15, 59), 11);
  assert.equal(cellAt(raster, 25, 59), -1);
  assert.equal(cellAt(raster, -1, 5), -1);
  for (let place = 0; place < raster.count; place += 1) {
    const x = (place % 5) * 10 + 5;
    const y = Math.floor(place / 5) * 20 + 10;
    assert.equal(cellAt(raster, x, y), place);
  }
});

test("arrow keys move the choice and stop at the edges", () => {
  const raster = { columns: 5, rows: 3, cell: 10, high: 10, count: 12 };
  assert.equal(moveChoice(raster, -1, "ArrowRight"), 0);
  assert.equal(moveChoice(raster, 3, "ArrowRight"), 4);
  assert.equal(moveChoice(raster, 3, "ArrowDown"), 8);
  assert.equal(moveChoice(raster, 8, "ArrowDown"), 8);
  assert.equal(moveChoice(raster, 0, "ArrowLeft"), 0);
  assert.equal(moveChoice(raster, 6, "ArrowUp"), 1);
  assert.equal(moveChoice(raster, 6, "End"), 11);
  assert.equal(moveChoice({ ...raster, count: 0 }, -1, "Home"), -1);
});

test("of a long list only the lines in sight are drawn", () => {
  assert.deepEqual(rowsInView(240, 20, 0, 100), { first: 0, last: 5 });
  assert.deepEqual(rowsInView(240, 20, 30, 100), { first: 1, last: 7 });
  assert.deepEqual(rowsInView(240, 20, 4700, 100), { first: 235, last: 240 });
  assert.deepEqual(rowsInView(0, 20, 0, 100), { first: 0, last: 0 });
  assert.deepEqual(rowsInView(3, 20, 900, 100), { first: 3, last: 3 });
});

test("what a server does counts more than what it calls itself", () => {
  const kind = (changes) => kindOf({ ...emptyFrame(), ...changes });
  assert.equal(kind({ style: "select" }), "loop");
  assert.equal(kind({ style: "busywait" }), "busy");
  assert.equal(kind({ style: "threads" }), "threads");
  assert.equal(kind({ style: "blocking" }), "threads");
  assert.equal(kind({ style: "threads", phase: "waiting" }), "loop");
  assert.equal(kind({ style: "select", phase: "asking" }), "busy");
  assert.equal(kind({ style: "", phase: "calling" }), "threads");
  const spent = { waiting: 5, between: 1, handling: 1, asking: 0 };
  assert.equal(kind({ style: "", phase: "ended", spent }), "loop");
  assert.equal(kind({}), "loop");
});

test("the shares of a loop add up to one, and the last second's waiting is believed", () => {
  const frame = emptyFrame();
  assert.equal(sharesOf(frame).waiting, null);
  frame.spent = { waiting: 60, between: 10, handling: 30, asking: 0 };
  assert.deepEqual(sharesOf(frame), { waiting: 0.6, between: 0.1, handling: 0.3, asking: 0 });
  frame.turns = [{ turn: 1, t0: 0, found: 1, waiting: 50, between: 0, handling: 50, asking: 0 }];
  assert.equal(sharesOf(frame).handling, 0.5);
  Object.assign(frame, { phase: "handling", since: 0, t: 100 });
  assert.equal(sharesOf(frame).waiting, 0.25);
  frame.held = { at: "handler", t: 0, key: "", cb: "", why: "" };
  assert.equal(sharesOf(frame).waiting, 0.5, "time in which it is held is nobody's");
  frame.held = null;
  frame.idle_share = 0.9;
  const shares = sharesOf(frame);
  assert.ok(Math.abs(shares.waiting - 0.9) < 1e-9);
  assert.ok(Math.abs(shares.waiting + shares.handling + shares.between + shares.asking - 1) < 1e-9);
  frame.idle_share = 1;
  assert.ok(sharesOf(frame).waiting > 0.999);
});

test("columns give way in their order where room is short; the main ones never", () => {
  const ids = (kind, full, room) => columnsFor(kind, full, room).map(({ id }) => id);
  assert.deepEqual(ids("loop", false), [
    "state",
    "fd",
    "who",
    "read",
    "write",
    "handler",
    "wasted",
  ]);
  assert.deepEqual(ids("busy", false), ["state", "fd", "who", "handler", "asked", "wasted"]);
  assert.ok(ids("loop", true).includes("time"));
  assert.ok(!ids("loop", true, 75).includes("time"));
  const narrow = ids("loop", true, 20);
  for (const id of ["who", "read", "write", "handler", "wasted"]) assert.ok(narrow.includes(id));
  for (const room of [50, 60, 70, 80]) {
    const columns = columnsFor("loop", true, room);
    assert.ok(widthOf(columns) <= room, `${widthOf(columns)} em in ${room}`);
  }
});
