// <time datetime data-time="relative | elapsed | countdown">: kept up to date once a second while the tab is visible.
// An elapsed time with data-late, a moment, sends "atelier:late" once that has passed.

const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "short" });

/** 0.4 s, 28 s, 1 min 12 s, 2 h 5 min */
export function duration(seconds) {
  const s = Math.max(0, Math.floor(seconds));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${s % 60} s`;
  return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
}

function ago(seconds) {
  const size = Math.abs(seconds);
  if (size < 45) return "just now";
  if (size < 3600) return relative.format(Math.round(-seconds / 60), "minute");
  if (size < 86400) return relative.format(Math.round(-seconds / 3600), "hour");
  if (size < 30 * 86400) return relative.format(Math.round(-seconds / 86400), "day");
  return null;
}

function refresh(node) {
  const then = Date.parse(node.dateTime);
  if (Number.isNaN(then)) return;
  const seconds = (Date.now() - then) / 1000;
  let text;
  if (node.dataset.time === "elapsed") {
    text = duration(seconds);
    if (Date.now() > Date.parse(node.dataset.late)) {
      delete node.dataset.late;
      node.dispatchEvent(new CustomEvent("atelier:late", { bubbles: true }));
    }
  }
  else if (node.dataset.time === "countdown") {
    text = duration(Math.ceil(-seconds));
    if (seconds >= 0 && !node.dataset.over) {
      node.dataset.over = "true";
      text = node.dataset.done ?? "now";
      node.dispatchEvent(new CustomEvent("atelier:countdown-over", { bubbles: true }));
    } else if (node.dataset.over) text = node.dataset.done ?? "now";
  } else text = ago(seconds);
  if (text && node.textContent !== text) node.textContent = text;
}

function tick() {
  if (document.hidden) return;
  document.querySelectorAll("time[data-time]").forEach(refresh);
}

tick();
setInterval(tick, 1000);
document.addEventListener("visibilitychange", tick);
document.addEventListener("htmx:afterSettle", tick);
document.addEventListener("atelier:swapped", tick);
