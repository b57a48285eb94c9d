// Follows the unfinished runs on this page. An element with data-live-run, data-live="true" and data-live-url is fetched
// anew when its run changes; one with data-live-follow is fetched anew when a run begins that the page does not show.
// A stream (data-stream-url) is open only while the tab is visible and something is unfinished or followed. Without one
// the fragments are asked for every three seconds. Sends "atelier:run-changed" and, after a swap, "atelier:swapped".

import { announce } from "./flash.js";

const POLL = 3000;
const MOST = 100;
const SAID = {
  succeeded: "The run is done.",
  refused: "The run was refused.",
  failed: "The run failed.",
  unknown: "What became of the run is unknown.",
  not_sent: "The run was not sent.",
  cancelled: "The run was stopped.",
};

let source = null;
let following = "";
let poller = null;
let failures = 0;
const fetching = new Map();
// What each element was made from: an answer that says the same must not stop a video or close what was opened.
const rendered = new WeakMap();

const all = (run) => document.querySelectorAll(`[data-live-run="${CSS.escape(run)}"]`);
const unfinished = () => [...document.querySelectorAll('[data-live-run][data-live="true"]')];
const follower = () => document.querySelector("[data-live-follow]");

/** Fetches data-live-url and puts the answer in the element's place; the focus stays where it was, if it still can. */
async function renew(node) {
  const url = node.dataset.liveUrl;
  if (!url || !node.isConnected) return;
  if (fetching.has(url)) {
    fetching.set(url, true);
    return;
  }
  fetching.set(url, false);
  try {
    const answer = await fetch(url, { credentials: "same-origin", headers: { "HX-Request": "true" } });
    if (answer.ok && !answer.redirected && node.isConnected) swap(node, await answer.text());
    else if (answer.status === 404) node.dataset.live = "false";
  } catch {
    // The next change or poll asks again.
  } finally {
    const again = fetching.get(url);
    fetching.delete(url);
    if (again) document.querySelectorAll("[data-live-url]").forEach((one) => one.dataset.liveUrl === url && renew(one));
  }
}

function swap(node, html) {
  if (rendered.get(node) === html) return;
  const template = document.createElement("template");
  template.innerHTML = html.trim();
  const next = template.content.firstElementChild;
  if (!next) return;
  const focused = node.contains(document.activeElement) ? document.activeElement : null;
  const before = node.dataset.state;
  node.replaceWith(next);
  rendered.set(next, html);
  window.htmx?.process(next);
  if (focused) {
    const place = focused.id ? next.querySelector(`#${CSS.escape(focused.id)}`) : next.querySelector(focused.tagName);
    if (place) place.focus();
    else {
      next.tabIndex = -1;
      next.focus({ preventScroll: true });
    }
  }
  if (next.matches("section") && before !== next.dataset.state && SAID[next.dataset.state]) announce(SAID[next.dataset.state]);
  document.dispatchEvent(new CustomEvent("atelier:swapped", { detail: { node: next } }));
}

let followTimer;

function changed(fact) {
  const nodes = all(fact.run);
  nodes.forEach((node) => {
    const same = node.dataset.state === fact.state && node.dataset.billing === fact.billing;
    if (fact.snapshot && same && (!fact.done || node.dataset.live === "false")) return;
    renew(node);
  });
  if (!nodes.length && follower()) {
    clearTimeout(followTimer);
    followTimer = setTimeout(() => follower() && renew(follower()), 400);
  }
  if (!fact.snapshot) document.dispatchEvent(new CustomEvent("atelier:run-changed", { detail: fact }));
}

function address() {
  const base = document.querySelector("[data-stream-url]")?.dataset.streamUrl;
  const runs = [...new Set(unfinished().map((node) => node.dataset.liveRun))].sort().slice(0, MOST);
  if (!base || (!runs.length && !follower())) return "";
  const query = new URLSearchParams(runs.map((run) => ["run", run]));
  if (follower()) query.set("follow", "1");
  return `${base}?${query}`;
}

function close() {
  source?.close();
  source = null;
  following = "";
}

function stopPolling() {
  clearInterval(poller);
  poller = null;
}

function startPolling() {
  poller ??= setInterval(() => {
    if (document.hidden) return;
    const nodes = unfinished();
    nodes.forEach(renew);
    if (follower()) renew(follower());
    else if (!nodes.length) stopPolling();
  }, POLL);
}

function open(url) {
  close();
  following = url;
  source = new EventSource(url);
  source.onopen = stopPolling;
  source.onmessage = (event) => {
    failures = 0;
    changed(JSON.parse(event.data));
  };
  source.addEventListener("end", () => {
    close();
    // Something may have been added to the page meanwhile; what is over is not asked for again.
    setTimeout(follow, 1000);
  });
  source.onerror = () => {
    failures += 1;
    if (source?.readyState === EventSource.CLOSED || failures >= 3) {
      close();
      following = url;
      startPolling();
    }
  };
}

/** Opens, keeps or closes the stream, as what is on the page asks for. */
export function follow() {
  const url = document.hidden ? "" : address();
  if (!url) {
    close();
    if (!document.hidden) stopPolling();
    return;
  }
  if (url === following) return;
  // A run that ended needs no new stream; only one that is not yet watched does.
  const watched = new Set(new URL(following || url, location.href).searchParams.getAll("run"));
  const wanted = new URL(url, location.href).searchParams;
  if (source && following.includes("follow=1") === wanted.has("follow") && wanted.getAll("run").every((run) => watched.has(run))) return;
  if (source && follower() && following.includes("follow=1")) return;
  failures = 0;
  open(url);
}

// What a run under way says may change by the time alone: it becomes slower than usual.
document.addEventListener("atelier:late", (event) => {
  const node = event.target.closest("[data-live-url]");
  if (node) renew(node);
});
document.addEventListener("visibilitychange", follow);
document.addEventListener("atelier:swapped", follow);
document.addEventListener("htmx:afterSettle", follow);
window.addEventListener("pagehide", close);
window.addEventListener("pageshow", follow);
follow();
