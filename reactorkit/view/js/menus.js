// The two menus: run until something happens, and clients that come and misbehave.

import { make, setAttribute } from "./dom.js";

/** The ways of clients that can be added from the board. */
export const CLIENTS = [
  { what: "idle", name: "idle", does: "connects and says nothing" },
  { what: "chatty", name: "chatty", does: "sends a line every second" },
  { what: "pingpong", name: "ping-pong", does: "sends, waits for the echo, sends again" },
  { what: "slow_reader", name: "slow reader", does: "asks for much and reads little" },
  { what: "dribbler", name: "dribbler", does: "sends its bytes one by one" },
  { what: "half_closer", name: "half-closer", does: "sends, shuts its side, waits for the rest" },
  { what: "resetter", name: "resetter", does: "hangs up with a reset" },
  { what: "connect_and_leave", name: "passer-by", does: "connects and leaves at once" },
  { what: "flood", name: "flood", does: "sends as fast as it can" },
  { what: "chatter", name: "chatter", does: "says a message to a chat every second" },
];
export const AMOUNTS = [1, 10, 100];

/** The conditions: which field they have, and what they send. */
export const CONDITIONS = [
  {
    id: "bytes owed",
    before: "more than",
    after: "KiB are owed to a client",
    value: 64,
    make: (/** @type {number} */ n) => ({ owed: [">", Math.round(n * 1024)] }),
  },
  {
    id: "handler time",
    before: "a handler takes more than",
    after: "ms",
    value: 50,
    make: (/** @type {number} */ n) => ({ handler_ms: [">", n] }),
  },
  {
    id: "descriptor",
    before: "descriptor",
    after: "is ready",
    value: 7,
    make: (/** @type {number} */ n) => ({ fd: Math.round(n) }),
  },
  { id: "error", before: "a call fails", after: "", value: null, make: () => ({ error: true }) },
  {
    id: "wasted call",
    before: "a call finds nothing",
    after: "",
    value: null,
    make: () => ({ wasted: true }),
  },
];

/**
 * A button that opens a small window above itself.
 * @param {string} name
 * @param {HTMLElement} content
 */
export function makeMenu(name, content) {
  const button = make("button", "rk-button", name);
  button.type = "button";
  button.setAttribute("aria-label", name.replace("…", ""));
  button.setAttribute("aria-haspopup", "dialog");
  button.setAttribute("aria-expanded", "false");
  const pop = make("div", "rk-pop", content);
  pop.setAttribute("role", "dialog");
  pop.setAttribute("aria-label", name.replace("…", ""));
  pop.hidden = true;
  const node = make("div", "rk-menu", button, pop);

  function open(/** @type {boolean} */ on) {
    pop.hidden = !on;
    setAttribute(button, "aria-expanded", String(on));
    if (!on) return;
    const first = pop.querySelector("input, button");
    if (first instanceof HTMLElement) first.focus({ preventScroll: true });
  }

  button.addEventListener("click", () => open(Boolean(pop.hidden)));
  node.addEventListener("focusout", (event) => {
    const to = event.relatedTarget;
    if (to instanceof Node && !node.contains(to)) open(false);
  });
  /** Close it; returns whether it was open. */
  function close() {
    const was = !pop.hidden;
    if (was) {
      open(false);
      button.focus({ preventScroll: true });
    }
    return was;
  }
  /** Close it when something else on the page is pressed. */
  function outside(/** @type {Event} */ event) {
    if (!pop.hidden && event.target instanceof Node && !node.contains(event.target)) open(false);
  }
  return { node, button, close, outside };
}

/** The window of conditions. */
export function makeConditions(/** @type {(cond: Object.<string, any>) => void} */ until) {
  const list = make("div", "rk-conditions");
  list.append(make("p", "rk-pop-title", "Run until…"));
  for (const condition of CONDITIONS) {
    const row = make("div", "rk-condition");
    const go = make("button", "rk-button rk-small", "Run");
    go.type = "button";
    go.setAttribute("aria-label", `Run until: ${condition.id}`);
    const words = make("label", "rk-condition-words", condition.before);
    /** @type {HTMLInputElement|null} */
    let field = null;
    if (condition.value !== null) {
      field = make("input", "rk-number");
      field.type = "number";
      field.min = "0";
      field.value = String(condition.value);
      words.append(" ", field, " ", condition.after);
    }
    const run = () => {
      const value = field === null ? 0 : Number(field.value);
      if (Number.isFinite(value) && (field === null || field.value !== "")) {
        until(condition.make(value));
      }
    };
    go.addEventListener("click", run);
    field?.addEventListener("keydown", (event) => {
      if (event.key === "Enter") run();
    });
    row.append(words, go);
    list.append(row);
  }
  return list;
}

/** The window of clients. */
export function makeClients(/** @type {(what: string, n: number) => void} */ add) {
  const list = make("div", "rk-clients");
  list.append(make("p", "rk-pop-title", "Add clients"));
  for (const kind of CLIENTS) {
    const row = make("div", "rk-client", make("b", "", kind.name), make("small", "", kind.does));
    for (const amount of AMOUNTS) {
      const button = make("button", "rk-button rk-small", `+${amount}`);
      button.type = "button";
      button.setAttribute("aria-label", `Add ${amount} ${kind.name}`);
      button.addEventListener("click", () => add(kind.what, amount));
      row.append(button);
    }
    list.append(row);
  }
  const leave = make("button", "rk-button rk-small", "All leave");
  leave.type = "button";
  leave.addEventListener("click", () => add("leave", 0));
  list.append(make("div", "rk-client rk-client-leave", leave));
  return list;
}
