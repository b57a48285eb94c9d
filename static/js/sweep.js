// The page of a sweep: a head that is asked for again when something moved (live.js does that), and cells that were
// waiting when the page was made and have been started since.

const root = document.querySelector("[data-sweep]");
const head = () => document.getElementById("sweep-head");
const SETTLE_MS = 600;
const LOOK_MS = 5000;
const BEGINNING = "2000-01-01T00:00:00+00:00";
let since = head().dataset.now;
let state = head().dataset.state;
let timer;

const isMoving = () => head().dataset.moving === "true";
const look = (cell) =>
  [cell.dataset.liveRun, cell.dataset.state, cell.dataset.billing, cell.querySelector("img") !== null].join();

/** Cells that were started since the page last heard of any are put into their places; once it is over, all of them:
 * a run may have ended between the answer that named it and the moment at which the page began to listen for it. */
async function bringCells() {
  const asked = isMoving() ? since : BEGINNING;
  since = head().dataset.now;
  const answer = await fetch(`${root.dataset.cellsUrl}?since=${encodeURIComponent(asked)}`, {
    credentials: "same-origin",
    headers: { "HX-Request": "true" },
  }).catch(() => null);
  if (!answer?.ok || answer.redirected) {
    since = asked;
    return;
  }
  const template = document.createElement("template");
  template.innerHTML = (await answer.text()).trim();
  for (const next of template.content.querySelectorAll("article[id]")) {
    const old = document.getElementById(next.id);
    if (!old || look(old) === look(next) || old.contains(document.activeElement)) continue;
    old.replaceWith(next);
    window.htmx?.process(next);
    document.dispatchEvent(new CustomEvent("atelier:swapped", { detail: { node: next } }));
  }
}

async function renewHead() {
  const answer = await fetch(head().dataset.liveUrl, {
    credentials: "same-origin",
    headers: { "HX-Request": "true" },
  }).catch(() => null);
  if (!answer?.ok || answer.redirected || head().contains(document.activeElement)) return;
  const template = document.createElement("template");
  template.innerHTML = (await answer.text()).trim();
  const next = template.content.firstElementChild;
  if (!next) return;
  head().replaceWith(next);
  window.htmx?.process(next);
  document.dispatchEvent(new CustomEvent("atelier:swapped", { detail: { node: next } }));
}

function soon() {
  clearTimeout(timer);
  timer = setTimeout(renewHead, SETTLE_MS);
}

document.addEventListener("atelier:run-changed", soon);
document.addEventListener("atelier:swapped", ({ detail }) => {
  if (detail.node.id !== "sweep-head") return;
  // What was waiting says "cancelled" now.
  if (head().dataset.state === "stopped" && state !== "stopped") location.reload();
  else bringCells();
  state = head().dataset.state;
});
// A cap or a budget stops it without any run changing; pictures get their small versions after the end.
setInterval(() => {
  if (document.hidden) return;
  if (isMoving()) renewHead();
  else if (root.querySelector('article[data-live="true"]')) bringCells();
}, LOOK_MS);
