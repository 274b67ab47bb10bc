// The list of keys, and what the signs mean.

import { make } from "./dom.js";
import { KEYS } from "./keyboard.js";

const SIGNS = [
  ["rk-chip rk-is-waited", "waits", "the server waits for this"],
  ["rk-chip rk-is-ready", "ready", "the kernel has said: go ahead"],
  ["rk-sign-running", "▶", "its handler runs now"],
  ["rk-sign-next", "▷", "it comes next"],
  ["rk-warns", "✕", "calls that found nothing: wasted"],
];

/** A window over the board with all keys and signs. */
export function makeHelp() {
  const keys = make("dl", "rk-keys");
  for (const { keys: key, does } of KEYS) keys.append(make("dt", "", key), make("dd", "", does));
  const signs = make("dl", "rk-signs");
  for (const [look, text, means] of SIGNS) {
    signs.append(make("dt", "", make("span", look, text ?? "")), make("dd", "", means ?? ""));
  }
  const close = make("button", "rk-button", "Close");
  close.type = "button";
  const box = make(
    "div",
    "rk-help-box",
    make(
      "div",
      "rk-help-columns",
      make("div", "", make("h4", "", "Keys"), keys),
      make("div", "", make("h4", "", "Signs"), signs),
    ),
    close,
  );
  const node = make("div", "rk-help", box);
  node.setAttribute("role", "dialog");
  node.setAttribute("aria-label", "Help");
  node.hidden = true;
  /** @type {Element|null} */
  let before = null;

  function toggle() {
    node.hidden = !node.hidden;
    if (node.hidden) {
      if (before instanceof HTMLElement) before.focus({ preventScroll: true });
    } else {
      before = document.activeElement;
      close.focus({ preventScroll: true });
    }
  }
  /** Close it; returns whether it was open. */
  function shut() {
    const was = !node.hidden;
    if (was) toggle();
    return was;
  }
  close.addEventListener("click", shut);
  node.addEventListener("click", (event) => {
    if (event.target === node) shut();
  });
  return { node, toggle, close: shut };
}
