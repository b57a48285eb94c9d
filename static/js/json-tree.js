// [data-json-tree]: the JSON text inside it (or at data-src) as a tree with search and "copy path". Numbers keep their digits.

import { announce } from "./flash.js";

const SHOWN = 200; // members of one branch before "more"
const OPEN_DEPTH = 2;
const BY_ITSELF = 1024 * 1024; // bytes that are fetched without a click
const FOUND = 500;

class Digits {
  constructor(text) {
    this.text = text;
  }
}

function parse(text) {
  return JSON.parse(text, (key, value, context) =>
    typeof value === "number" && context?.source !== undefined ? new Digits(context.source) : value,
  );
}

const isBranch = (value) => value !== null && typeof value === "object" && !(value instanceof Digits);

function element(name, className, text) {
  const node = document.createElement(name);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

function pathOf(parent, key, inList) {
  if (inList) return `${parent}[${key}]`;
  if (/^[A-Za-z_$][\w$]*$/.test(key)) return parent ? `${parent}.${key}` : key;
  return `${parent}[${JSON.stringify(key)}]`;
}

function leaf(value) {
  if (typeof value === "string") return element("span", "json-value json-string", JSON.stringify(value));
  const text = value instanceof Digits ? value.text : String(value);
  return element("span", `json-value ${typeof value === "boolean" || value === null ? "json-literal" : "json-number"}`, text);
}

function summary(value) {
  const count = Array.isArray(value) ? value.length : Object.keys(value).length;
  const word = Array.isArray(value) ? (count === 1 ? "item" : "items") : count === 1 ? "key" : "keys";
  return `${Array.isArray(value) ? "[ ]" : "{ }"} ${count} ${word}`;
}

class Tree {
  constructor(root, value) {
    this.root = root;
    this.value = value;
    this.box = element("div", "json-tree");
    this.box.tabIndex = 0;
    this.box.setAttribute("role", "group");
    this.box.setAttribute("aria-label", "JSON");
    this.tools = element("div", "json-tools");
    this.search = element("input");
    this.search.type = "search";
    this.search.placeholder = "Search keys and values";
    this.search.setAttribute("aria-label", "Search in this JSON");
    this.count = element("span", "muted small");
    this.count.setAttribute("role", "status");
    const field = element("div", "search-field search-plain");
    field.append(this.search);
    this.tools.append(field, this.count);
    let timer;
    this.search.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(() => this.draw(), 150);
    });
    this.box.addEventListener("click", (event) => this.click(event));
    root.append(this.tools, this.box);
    this.draw();
  }

  draw() {
    const words = this.search.value.trim().toLowerCase();
    this.words = words;
    this.hits = words ? this.find(words) : null;
    this.count.textContent = words ? (this.hits.total > FOUND ? `more than ${FOUND} matches` : `${this.hits.total} ${this.hits.total === 1 ? "match" : "matches"}`) : "";
    this.box.replaceChildren(this.branch(this.value, "", 0));
  }

  /** Paths that match, and the branches that lead to them. */
  find(words) {
    const paths = new Set();
    let total = 0;
    const walk = (value, path) => {
      let inside = false;
      for (const [key, member] of Object.entries(value)) {
        if (total > FOUND) break;
        const here = pathOf(path, key, Array.isArray(value));
        const text = isBranch(member) ? "" : member instanceof Digits ? member.text : String(member);
        const hit = (!Array.isArray(value) && key.toLowerCase().includes(words)) || text.toLowerCase().includes(words);
        if (hit) total += 1;
        if ((isBranch(member) && walk(member, here)) || hit) {
          paths.add(here);
          inside = true;
        }
      }
      return inside;
    };
    walk(this.value, "");
    return { paths, total };
  }

  branch(value, path, depth, from = 0) {
    const list = element("ul");
    const inList = Array.isArray(value);
    let entries = Object.entries(value);
    if (this.hits) entries = entries.filter(([key]) => this.hits.paths.has(pathOf(path, key, inList)));
    entries.slice(from, from + SHOWN).forEach(([key, member]) => list.append(this.item(key, member, path, depth, inList)));
    if (entries.length > from + SHOWN) {
      const more = element("li");
      const button = element("button", "button button-quiet button-small", `${entries.length - from - SHOWN} more`);
      button.type = "button";
      button.addEventListener("click", () => {
        more.remove();
        list.append(...this.branch(value, path, depth, from + SHOWN).children);
      });
      more.append(button);
      list.append(more);
    }
    return list;
  }

  item(key, member, parent, depth, inList) {
    const path = pathOf(parent, key, inList);
    const item = element("li");
    const row = element("div", "json-row");
    const name = element("span", "json-key", inList ? key : `${key}:`);
    this.mark(name, !inList);
    const copy = element("button", "json-path", "Copy path");
    copy.type = "button";
    copy.dataset.copy = path;
    copy.setAttribute("aria-label", `Copy path ${path}`);
    if (isBranch(member) && Object.keys(member).length) {
      const toggle = element("button", "json-toggle", "▸");
      toggle.type = "button";
      toggle.setAttribute("aria-label", path);
      row.append(toggle, name, element("span", "json-summary", summary(member)), copy);
      item.append(row);
      item.open = (open) => {
        toggle.setAttribute("aria-expanded", String(open));
        toggle.textContent = open ? "▾" : "▸";
        item.querySelector(":scope > ul")?.remove();
        if (open) item.append(this.branch(member, path, depth + 1));
      };
      item.open(this.hits !== null || depth + 1 < OPEN_DEPTH);
    } else {
      const shown = isBranch(member) ? element("span", "json-summary", summary(member)) : leaf(member);
      this.mark(shown, !isBranch(member));
      row.append(element("span", "json-leaf"), name, shown, copy);
      item.append(row);
    }
    return item;
  }

  mark(node, searched) {
    if (!this.words || !searched) return;
    const text = node.textContent;
    const at = text.toLowerCase().indexOf(this.words);
    if (at < 0) return;
    const mark = element("mark", "", text.slice(at, at + this.words.length));
    node.replaceChildren(text.slice(0, at), mark, text.slice(at + this.words.length));
  }

  click(event) {
    const toggle = event.target.closest(".json-toggle");
    if (toggle) toggle.closest("li").open(toggle.getAttribute("aria-expanded") !== "true");
  }
}

async function load(root) {
  const button = root.querySelector("[data-json-load]");
  button?.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(root.dataset.src, { credentials: "same-origin" });
    if (!answer.ok) throw new Error(String(answer.status));
    new Tree(root, parse(await answer.text()));
    button?.remove();
  } catch {
    button?.removeAttribute("aria-busy");
    announce("The JSON could not be shown. It can still be downloaded.");
  }
}

function enhanceOne(root) {
  const source = root.querySelector("[data-json-source]");
  if (source) {
    let value;
    try {
      value = parse(source.textContent);
    } catch {
      return; // cut off or no JSON: the text stays as it is
    }
    if (!isBranch(value)) return;
    source.closest(".code-block").hidden = true;
    new Tree(root, value);
  } else if (root.dataset.src) {
    if (Number(root.dataset.size) <= BY_ITSELF) {
      load(root);
      return;
    }
    const button = element("button", "button button-small", "Show it here");
    button.type = "button";
    button.dataset.jsonLoad = "";
    button.addEventListener("click", () => load(root), { once: false });
    root.append(button);
  }
}

const known = new WeakSet();

function enhance() {
  document.querySelectorAll("[data-json-tree]").forEach((root) => {
    if (known.has(root)) return;
    known.add(root);
    enhanceOne(root);
  });
}

enhance();
document.addEventListener("atelier:swapped", enhance);
document.addEventListener("htmx:afterSettle", enhance);
