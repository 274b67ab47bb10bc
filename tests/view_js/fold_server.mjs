// Folds one trace per line of standard input; answers with the state after each of its events.
import { createInterface } from "node:readline";
import { apply } from "../../reactorkit/view/js/state.js";
import { initial, snapshot } from "../../reactorkit/view/js/state_shape.js";

/** ASCII only: lone surrogates would not survive UTF-8. */
const ascii = (text) =>
  text.replace(/[\u0080-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);

for await (const line of createInterface({ input: process.stdin })) {
  const { header, events } = JSON.parse(line);
  const state = initial(header);
  const states = events.map((event) => snapshot(apply(state, event)));
  process.stdout.write(`${ascii(JSON.stringify(states))}\n`);
}
