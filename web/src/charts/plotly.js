// Loads the graphs' library when the first graph needs it, and draws one graph after another.
// SPDX-License-Identifier: Apache-2.0
const tick_ms = 1_000; // an update costs Plotly some 30 ms: graphs move once a second, not with each reading

/** @type {Promise<any>|null} */
let library = null;

/** @returns {Promise<any>} Plotly; a failed load can be tried again */
export function loadPlotly() {
  library ??= new Promise((resolve, reject) => {
    const script = document.createElement('script');
    script.src = '/vendor/plotly.js';
    script.onload = () => resolve(/** @type {any} */ (window).Plotly);
    script.onerror = () => {
      library = null;
      script.remove();
      reject(new Error('the graphs could not be loaded'));
    };
    document.head.append(script);
  });
  return library;
}

/** @type {Set<() => void>} */
const drawers = new Set();
/** @type {number|undefined} */
let timer;

/**
 * Calls `draw` once a second while the page is on show, each drawer in a frame of its own.
 * @param {() => void} draw decides itself whether there is anything new
 * @returns {() => void} ends it
 */
export function drawRegularly(draw) {
  drawers.add(draw);
  timer ??= setInterval(round, tick_ms);
  return () => {
    drawers.delete(draw);
    if (drawers.size) return;
    clearInterval(timer);
    timer = undefined;
  };
}

async function round() {
  if (document.hidden) return;
  for (const draw of [...drawers]) {
    if (drawers.has(draw)) draw();
    await new Promise((next) => requestAnimationFrame(next));
  }
}

document.addEventListener('visibilitychange', () => void round());
