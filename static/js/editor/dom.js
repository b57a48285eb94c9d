/** Small helpers to make elements. No HTML strings: nothing a payload holds is ever parsed as markup. */

const SPRITE = new URL("../../img/icons.svg", import.meta.url).href;
const SVG = "http://www.w3.org/2000/svg";
let lastId = 0;

export const uniqueId = (word) => `editor-${word}-${++lastId}`;

/**
 * `h("input", {class: "x", type: "text", onInput: fn}, child, …)`. Attributes that are null, undefined or false are left out.
 * Controls belong to no form: the hidden textarea alone is submitted, and Enter in a field starts no run.
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  if (/^(input|select|textarea|button)$/.test(tag)) element.setAttribute("form", "editor-has-no-form");
  if (tag === "button") element.type = "button";
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2).toLowerCase(), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

export function icon(name, small = true) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", small ? "icon icon-s" : "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `${SPRITE}#${name}`);
  svg.append(use);
  return svg;
}

export function iconButton(name, label, onClick, attributes = {}) {
  return h(
    "button",
    { class: "button button-quiet button-small button-icon", "aria-label": label, title: label, onClick, ...attributes },
    icon(name),
  );
}

/** Writes into a control without moving the caret when nothing changed. */
export function setValue(control, value) {
  if (control.value !== value) control.value = value;
}

export function readJson(id, fallback) {
  const element = document.getElementById(id);
  return element ? JSON.parse(element.textContent) : fallback;
}

/** A store that survives a reload, or nothing at all where the browser forbids it. */
export const memory = {
  get(key) {
    try {
      return localStorage.getItem(`atelier.editor.${key}`);
    } catch {
      return null;
    }
  },
  set(key, value) {
    try {
      localStorage.setItem(`atelier.editor.${key}`, value);
    } catch {
      // A full or forbidden store only forgets which view was open.
    }
  },
};
