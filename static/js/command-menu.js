// Ctrl/Cmd+K: commands on this page (data-command="Label", and all that has a key), pages (data-nav, those of the menu
// first), and whatever the server finds
// (body[data-search-url]?q=… answers {"results": [{"label", "url", "hint"}]}).

import { openDialog } from "./dialog.js";
import { keysOf } from "./shortcuts.js";

const dialog = document.getElementById("command-menu");
const input = dialog?.querySelector("input");
const list = dialog?.querySelector("[role=listbox]");
const empty = dialog?.querySelector(".command-empty");
const url = document.body.dataset.searchUrl;
const KEYED = ":is(a, button)[data-shortcut][data-shortcut-label]";
const mac = /Mac|iPhone|iPad/.test(navigator.platform);

let shown = [];
let at = 0;
let asked = null;

function local() {
  const links = [...document.querySelectorAll(".rail [data-nav]"), ...document.querySelectorAll("[data-nav]")];
  const pages = [...new Set(links)].map((link) => ({
    label: link.querySelector("span:not(.count)")?.textContent.trim() || link.textContent.trim(),
    hint: "Page",
    keys: link.dataset.shortcut,
    act: () => location.assign(link.href),
  }));
  const commands = [...document.querySelectorAll(`[data-command], ${KEYED}`)]
    .filter((one) => !one.disabled && !one.closest("[hidden], dialog, .rail"))
    .map((one) => ({
      label: one.dataset.command ?? one.dataset.shortcutLabel,
      hint: "On this page",
      keys: one.dataset.shortcut,
      act: () => one.click(),
    }));
  return [...commands, ...pages];
}

function matches(label, query) {
  const text = label.toLowerCase();
  return query.split(/\s+/).every((word) => text.includes(word));
}

function option(entry, index) {
  const node = document.createElement("div");
  node.className = "command-item";
  node.id = `command-${index}`;
  node.setAttribute("role", "option");
  const label = document.createElement("span");
  label.className = "truncate";
  label.textContent = entry.label;
  const hint = document.createElement("span");
  hint.className = "command-hint nowrap";
  hint.textContent = entry.hint ?? "";
  node.append(label, hint);
  if (entry.keys) node.append(keysOf(entry.keys));
  node.addEventListener("pointermove", () => select(index, false));
  node.addEventListener("click", () => run(index));
  return node;
}

function draw(entries, chosen = 0) {
  shown = entries;
  list.replaceChildren(...entries.map(option));
  empty.hidden = entries.length > 0;
  list.hidden = entries.length === 0;
  select(chosen, true);
}

function select(index, scroll) {
  at = index;
  [...list.children].forEach((node, i) => node.setAttribute("aria-selected", String(i === index)));
  const node = list.children[index];
  if (node) input.setAttribute("aria-activedescendant", node.id);
  else input.removeAttribute("aria-activedescendant");
  if (scroll) node?.scrollIntoView({ block: "nearest" });
}

function run(index) {
  const entry = shown[index];
  if (!entry) return;
  dialog.close();
  entry.act();
}

async function search() {
  const query = input.value.trim().toLowerCase();
  const mine = local().filter((entry) => matches(entry.label, query));
  draw(mine);
  asked?.abort();
  if (!url || !query) return;
  asked = new AbortController();
  const { signal } = asked;
  try {
    await new Promise((resolve) => setTimeout(resolve, 120));
    if (signal.aborted) return;
    const separator = url.includes("?") ? "&" : "?";
    const answer = await fetch(`${url}${separator}q=${encodeURIComponent(query)}`, {
      signal,
      headers: { Accept: "application/json" },
    });
    if (!answer.ok) return;
    const { results } = await answer.json();
    const found = results.map((one) => ({ label: one.label, hint: one.hint, act: () => location.assign(one.url) }));
    draw([...mine, ...found], at);
  } catch (error) {
    if (error.name !== "AbortError") draw(mine);
  }
}

function open() {
  if (!dialog || dialog.open) return;
  document.querySelector("dialog[open]")?.close();
  input.value = "";
  openDialog(dialog);
  input.focus();
  search();
}

if (dialog) {
  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "k" || !(mac ? event.metaKey : event.ctrlKey) || event.shiftKey || event.altKey) return;
    event.preventDefault();
    if (dialog.open) dialog.close();
    else open();
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-command-menu]")) open();
  });
  input.addEventListener("input", search);
  input.addEventListener("keydown", (event) => {
    const last = shown.length - 1;
    const next = { ArrowDown: at >= last ? 0 : at + 1, ArrowUp: at <= 0 ? last : at - 1 }[event.key];
    if (next !== undefined) {
      event.preventDefault();
      select(next, true);
    } else if (event.key === "Enter") {
      event.preventDefault();
      run(at);
    }
  });
}
