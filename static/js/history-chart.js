// The chart above the history is fetched anew when runs end, at most every ten seconds, while the tab is visible.

const EVERY = 10000;
const chart = document.querySelector(".history-chart[hx-get]");
let timer = null;

document.addEventListener("atelier:run-changed", (event) => {
  if (!chart || timer || ["queued", "sending", "accepted"].includes(event.detail.state)) return;
  timer = setTimeout(() => {
    timer = null;
    if (!document.hidden && !chart.querySelector("details[open]")) window.htmx?.trigger(chart, "atelier:chart-stale");
  }, EVERY);
});
