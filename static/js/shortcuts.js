// data-shortcut="g h" (keys one after another) or "mod+Enter" on a link, button or field; data-shortcut-label names it.
// Only what is on the page and can be used right now works, and only that is listed by "?".

import { openDialog } from "./dialog.js";

const mac = /Mac|iPhone|iPad/.test(navigator.platform);
const NAMES = { mod: mac ? "⌘" : "Ctrl", Enter: "↵", Escape: "Esc", ArrowUp: "↑", ArrowDown: "↓", shift: "⇧", alt: mac ? "⌥" : "Alt" };
const PAUSE = 1000;

let typed = [];
let typedAt = 0;

function usable(element) {
  return !element.disabled && element.getAttribute("aria-disabled") !== "true" && element.checkVisibility();
}

/** Every element whose shortcut works now: an open dialog hides the page behind it. */
function live() {
  const modal = document.querySelector("dialog[open]");
  const scope = modal ?? document;
  return [...scope.querySelectorAll("[data-shortcut]")].filter((one) => {
    if (modal === null && one.closest("dialog")) return false;
    return usable(one) || one.closest("nav.rail") !== null;
  });
}

function chord(event) {
  const mods = [];
  if (mac ? event.metaKey : event.ctrlKey) mods.push("mod");
  if (event.altKey) mods.push("alt");
  if (event.shiftKey && event.key.length > 1) mods.push("shift");
  return [...mods, event.key.length === 1 ? event.key.toLowerCase() : event.key].join("+");
}

function typing(target) {
  return target.isContentEditable || target.matches?.("textarea, select, input:not([type=checkbox], [type=radio], [type=button])");
}

function act(element) {
  if (element.matches("input:not([type=checkbox], [type=radio]), textarea, select")) {
    element.focus();
    element.select?.();
  } else element.click();
}

function onKey(event) {
  if (event.defaultPrevented || event.isComposing || event.repeat) return;
  const key = chord(event);
  if (typing(event.target) && !key.includes("mod+")) return;
  if (event.key === "?") {
    event.preventDefault();
    openSheet();
    return;
  }
  if (["Control", "Meta", "Shift", "Alt"].includes(event.key)) return;
  if (event.timeStamp - typedAt > PAUSE) typed = [];
  typedAt = event.timeStamp;
  typed = [...typed, key].slice(-3);
  for (const element of live()) {
    const keys = element.dataset.shortcut.split(" ");
    if (typed.slice(-keys.length).join(" ") !== keys.join(" ")) continue;
    event.preventDefault();
    typed = [];
    act(element);
    return;
  }
}

/** The keys of data-shortcut, each as it is written on a keyboard. */
export function keysOf(shortcut) {
  const span = document.createElement("span");
  span.className = "shortcut-keys";
  for (const part of shortcut.split(/[ +]/)) {
    const key = document.createElement("kbd");
    key.textContent = NAMES[part] ?? (part.length === 1 ? part.toUpperCase() : part);
    span.append(key);
  }
  return span;
}

function row(label, shortcut) {
  const item = document.createElement("li");
  item.append(label, keysOf(shortcut));
  return item;
}

function openSheet() {
  const sheet = document.getElementById("shortcut-sheet");
  const list = document.getElementById("shortcut-list");
  if (!sheet || !list) return;
  const seen = new Set();
  const rows = [];
  if (document.getElementById("command-menu")) rows.push(row("Search and commands", "mod+k"));
  for (const element of live()) {
    const { shortcut, shortcutLabel } = element.dataset;
    if (seen.has(shortcut)) continue;
    seen.add(shortcut);
    rows.push(row(shortcutLabel ?? element.getAttribute("aria-label") ?? element.textContent.trim(), shortcut));
  }
  rows.push(row("This list", "?"));
  list.replaceChildren(...rows);
  openDialog(sheet);
}

document.addEventListener("keydown", onKey);
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-shortcut-sheet]")) openSheet();
});
for (const key of document.querySelectorAll("kbd[data-key]")) {
  key.textContent = key.dataset.key
    .split("+")
    .map((part) => NAMES[part] ?? part.toUpperCase())
    .join(mac ? "" : " ");
}
