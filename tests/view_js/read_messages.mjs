// Reads messages about one server (base64, in a JSON list) as the board does; prints the Frames.
import { readFileSync } from "node:fs";
import { FrameReader } from "../../reactorkit/view/js/frames.js";

const reader = new FrameReader();
const frames = JSON.parse(readFileSync(0, "utf8")).map((text) =>
  reader.read(new Uint8Array(Buffer.from(text, "base64"))),
);
process.stdout.write(JSON.stringify(frames));
