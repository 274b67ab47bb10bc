// Each line of standard input is a trace with the messages that Python made along it. Answers with
// the first difference between what a message says and what look.js makes of the same moment.

import { createInterface } from "node:readline";
import { isDeepStrictEqual } from "node:util";
import { FrameReader } from "../../reactorkit/view/js/frames.js";
import { frameOf } from "../../reactorkit/view/js/look.js";
import { Windows } from "../../reactorkit/view/js/windows.js";

/** The first place where two values differ, in words; "" when they are the same. */
function difference(is, should, path = "") {
  if (isDeepStrictEqual(is, should)) return "";
  const branches = [is, should].every((one) => typeof one === "object" && one !== null);
  if (branches) {
    for (const name of new Set([...Object.keys(is), ...Object.keys(should)])) {
      const found = difference(is[name], should[name], `${path}.${name}`);
      if (found) return found;
    }
  }
  return `${path}: the message says ${JSON.stringify(is)}, look.js ${JSON.stringify(should)}`;
}

for await (const line of createInterface({ input: process.stdin })) {
  const { header, events, moments, more } = JSON.parse(line);
  const windows = new Windows(header);
  const reader = new FrameReader();
  let answer = "";
  let fed = 0;
  for (const { after, now, picked, message } of moments) {
    for (; fed < after; fed += 1) windows.feed(events[fed]);
    const bytes = Buffer.from(message, "base64");
    const is = reader.read(new Uint8Array(bytes));
    const place = is.place;
    const should = frameOf(windows, { now, picked, place, ...more });
    const found = difference(is, should);
    if (found) {
      answer = `after ${after} events, at ${now}: ${found}`;
      break;
    }
  }
  process.stdout.write(`${JSON.stringify({ moments: moments.length, answer })}\n`);
}
