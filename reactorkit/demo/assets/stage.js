// The stage's keys, and what it must be able to do without its kernel: switch to the recording.

/** Which key does what; the board has Space, the arrows, and the keys of a presenter's remote. */
const KEYS = { q: "question", n: "next", r: "recording", c: "controls", a: "again" };

function typing(target) {
  return (
    target instanceof HTMLElement && target.matches("input, select, textarea, [contenteditable]")
  );
}

function stageOf(element) {
  return element.closest(".rk-stage") ?? document.querySelector(".rk-stage");
}

/** Begin the recording's boards at their beginning. */
function replay(stage) {
  for (const board of stage.querySelectorAll(".rk-stage-recording .rk-board")) {
    const controller = board.__board?.controller;
    controller?.act("all", { do: "seek", at: 0 });
    controller?.act("all", { do: "play" });
  }
}

function dress(stage, model) {
  if (!stage) return;
  const recording = model.get("recording") && model.get("recorded");
  stage.classList.toggle("is-recording", recording);
  stage.classList.toggle("is-question", model.get("question"));
  stage.classList.toggle("has-controls", model.get("controls"));
  stage.classList.toggle("is-free", model.get("free"));
}

function render({ model, el }) {
  el.classList.add("rk-stage-keys");
  const stop = new AbortController();

  function turn(name, value) {
    model.set(name, value);
    const stage = stageOf(el);
    dress(stage, model); // at once: the kernel may be busy, or gone
    if (name === "recording" && value && stage) replay(stage);
    model.save_changes();
  }

  function press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    const name = KEYS[event.key.toLowerCase()];
    if (name === "next" || name === "again") model.send({ do: name });
    else if (name === "recording") turn(name, model.get("recorded") && !model.get("recording"));
    else if (name) turn(name, !model.get(name));
    else if (/^Digit[1-6]$/.test(event.code) && model.get("question")) {
      model.send({ do: "hand", place: Number(event.code[5]) - 1, by: event.shiftKey ? -1 : 1 });
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  document.addEventListener("keydown", press, { capture: true, signal: stop.signal });
  document.addEventListener(
    "rk-lost",
    (event) => {
      const stage = stageOf(el);
      stage?.classList.toggle("is-lost", event.detail.lost);
      if (event.detail.lost && model.get("recorded") && !model.get("recording")) {
        turn("recording", true);
      }
    },
    { signal: stop.signal },
  );
  const changed = () => dress(stageOf(el), model);
  const names = ["recording", "question", "controls", "free", "recorded"];
  for (const name of names) model.on(`change:${name}`, changed);
  const begin = () => {
    if (model.get("recording")) replay(stageOf(el));
  };
  model.on("change:recording", begin);
  requestAnimationFrame(changed);
  model.send({ do: "hello" });
  return () => {
    stop.abort();
    for (const name of names) model.off(`change:${name}`, changed);
    model.off("change:recording", begin);
  };
}

export default { render };
