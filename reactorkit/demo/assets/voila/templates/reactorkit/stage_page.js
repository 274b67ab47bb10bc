// Tell the stage's server that this page is still here, and when it goes.
// A worker does it: its timer ticks while the tab is hidden, when those of the page are held back,
// and while the page itself has no time.
(() => {
  const config = JSON.parse(document.getElementById("jupyter-config-data").textContent);
  const address = new URL(`${config.baseUrl}stage/${config.kernelId}/`, location.href).href;
  const EVERY = 1000; // milliseconds
  const ENOUGH = 3; // beats in a row that nobody answered

  /** Beat for ever; also runs as the text of a worker, so it knows nothing but its arguments. */
  function beatForEver(where, every, told) {
    function beat() {
      const signal = AbortSignal.timeout(5 * every);
      fetch(where, { method: "POST", signal }).then(
        (answer) => told(answer.ok),
        () => told(false),
      );
    }
    beat();
    setInterval(beat, every);
  }

  let missed = 0;
  function heard(well) {
    missed = well ? 0 : missed + 1;
    const lost = missed >= ENOUGH;
    if (lost !== document.body.classList.contains("rk-lost")) {
      document.body.classList.toggle("rk-lost", lost);
      document.dispatchEvent(new CustomEvent("rk-lost", { detail: { lost } }));
    }
  }

  function beatHere() {
    beatForEver(`${address}here`, EVERY, heard);
  }

  try {
    const source = `(${beatForEver})(${JSON.stringify(`${address}here`)}, ${EVERY}, postMessage);`;
    const blob = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
    const worker = new Worker(blob);
    worker.onmessage = (event) => heard(event.data);
    worker.onerror = beatHere;
  } catch {
    beatHere();
  }

  window.addEventListener("pagehide", () => navigator.sendBeacon(`${address}gone`));
  // Brought back out of the browser's memory by its back button: the servers have ended meanwhile.
  window.addEventListener("pageshow", (event) => event.persisted && location.reload());
})();
