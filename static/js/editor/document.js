/**
 * The payload as text. Everything else in the editor reads this and asks it for edits.
 *
 * jsonc-parser finds the places; the edits are made here, because its own `modify` re-prints values through JavaScript
 * (1.0 becomes 1, 12345678901234567890 becomes 12345678901234567000) and may re-indent the line it touches.
 */
import { parseTree } from "../../vendor/jsonc-parser-3.3.1.js";

import { diagnose } from "./diagnostics.js";

/** Nesting beyond this is not parsed: the parser recurses, and a body may be a thousand brackets long. */
const PARSE_DEPTH = 400;
/** Characters outside long strings above which the form and the schema hints are switched off. */
const HEAVY = 1_000_000;
const HEAVY_ALWAYS = 12_000_000;
const LONG_RUN = 2048;
const SAME_STEP_MS = 800;
const HISTORY_STEPS = 400;
const PARSE_OPTIONS = { disallowComments: true, allowTrailingComma: false, allowEmptyContent: true };

/** A value that is already JSON text and must be written as it stands. */
export class Raw {
  constructor(text) {
    this.text = text;
  }
}

export const raw = (text) => new Raw(text);

const jsonText = (value) => (value instanceof Raw ? value.text : JSON.stringify(value));

export function maxDepth(text) {
  let depth = 0;
  let deepest = 0;
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (inString) {
      if (code === 92) i++;
      else if (code === 34 || code === 10) inString = false;
    } else if (code === 34) inString = true;
    else if (code === 123 || code === 91) deepest = Math.max(deepest, ++depth);
    else if (code === 125 || code === 93) depth--;
  }
  return deepest;
}

/** Characters that cost parsing time: the text without its long runs of base64. */
function weightOf(text) {
  if (text.length <= HEAVY) return text.length;
  let weight = text.length;
  let start = 0;
  for (let i = 0; i <= text.length; i++) {
    const code = text.charCodeAt(i);
    // Letters, digits and + / = _ - make a run; the end of the text (NaN) ends it.
    const inRun = (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || (code >= 47 && code <= 57) || code === 43 || code === 61 || code === 95 || code === 45;
    if (inRun) continue;
    if (i - start >= LONG_RUN) weight -= i - start;
    start = i + 1;
  }
  return weight;
}

/** The child of an object or array node; of duplicate keys the last one, as every JSON reader does. */
export function childOf(node, step) {
  if (!node) return undefined;
  if (node.type === "array" && typeof step === "number") return node.children[step];
  if (node.type !== "object") return undefined;
  for (let i = node.children.length - 1; i >= 0; i--) {
    const [key, value] = node.children[i].children;
    if (key.value === step) return value;
  }
  return undefined;
}

export class PayloadDocument extends EventTarget {
  #text;
  #version = 0;
  #parsed = null;
  #found = null;
  #past = [];
  #future = [];

  constructor(text, { schema = null, maxBytes = 2 * 1024 * 1024, variables = [] } = {}) {
    super();
    this.#text = text;
    this.schema = schema;
    this.maxBytes = maxBytes;
    this.variables = new Set(variables);
    /** Messages of fields that hold something that cannot be written yet, by path. */
    this.unwritten = new Map();
  }

  get text() {
    return this.#text;
  }

  get version() {
    return this.#version;
  }

  /** {root, errors, heavy, tooDeep}: root is a jsonc-parser node, or undefined where there is nothing to show. */
  parsed() {
    if (this.#parsed?.version === this.#version) return this.#parsed;
    const state = { version: this.#version, root: undefined, errors: [], heavy: false, tooDeep: false };
    if (this.#text.length > HEAVY_ALWAYS || weightOf(this.#text) > HEAVY) state.heavy = true;
    else if (maxDepth(this.#text) > PARSE_DEPTH) state.tooDeep = true;
    else state.root = parseTree(this.#text, state.errors, PARSE_OPTIONS);
    this.#parsed = state;
    return state;
  }

  get isBlank() {
    return this.#text.trim() === "";
  }

  /** Can fields be edited in place: valid enough to be parsed, and an object (or nothing yet). */
  get editable() {
    if (this.isBlank) return true;
    const { root, errors, heavy, tooDeep } = this.parsed();
    return !heavy && !tooDeep && errors.length === 0 && root?.type === "object";
  }

  node(path) {
    let node = this.parsed().root;
    for (const step of path) node = childOf(node, step);
    return node;
  }

  /** The exact text of the value at `path`, or undefined where there is none. */
  get(path) {
    const node = this.node(path);
    return node && this.slice(node);
  }

  slice(node) {
    return this.#text.slice(node.offset, node.offset + node.length);
  }

  diagnostics() {
    const key = `${this.#version}:${[...this.unwritten].join()}`;
    if (this.#found?.key !== key) this.#found = { key, list: diagnose(this) };
    return this.#found.list;
  }

  get valid() {
    return this.diagnostics().every((entry) => entry.severity !== "error");
  }

  /** Marks a field as holding something unwritable (`message`), or as fine again (`""`). */
  setUnwritten(path, message) {
    const key = JSON.stringify(path);
    if ((this.unwritten.get(key) ?? "") === message) return;
    if (message) this.unwritten.set(key, message);
    else this.unwritten.delete(key);
    this.dispatchEvent(new CustomEvent("change", { detail: { origin: "form", edit: null } }));
  }

  /**
   * Writes `value` (a JavaScript value, or `raw(text)` for text that is JSON already) at `path`. A missing key is added at the end of its
   * object, in the spacing of its neighbours; missing parents are made. Throws where the text cannot be edited in place.
   */
  set(path, value, { origin = "form", group = JSON.stringify(path) } = {}) {
    if (!this.editable) throw new Error("The text is not a JSON object that can be edited in place");
    if (this.isBlank) return this.replaceAll(`{\n  ${nested(path, jsonText(value))}\n}\n`, { origin });
    const node = this.node(path);
    if (node) {
      return this.edit([{ from: node.offset, to: node.offset + node.length, insert: jsonText(value) }], { origin, group });
    }
    let depth = path.length - 1;
    while (depth > 0 && !this.node(path.slice(0, depth))) depth--;
    const parent = this.node(path.slice(0, depth));
    const rest = path.slice(depth);
    if (parent.type !== (typeof rest[0] === "number" ? "array" : "object")) throw new Error("No place for this value");
    const inner = rest.length > 1 ? wrapped(rest.slice(1), jsonText(value)) : jsonText(value);
    return this.edit([this.#insertion(parent, rest[0], inner)], { origin, group });
  }

  /** Takes the value, its key and one comma away. Of duplicate keys all are removed. */
  remove(path, { origin = "form" } = {}) {
    const parent = this.node(path.slice(0, -1));
    const step = path.at(-1);
    if (!parent?.children) return;
    const gone = parent.children.filter((child, index) =>
      parent.type === "array" ? index === step : child.children[0].value === step,
    );
    const edits = [];
    let last = parent.children.length - 1;
    while (last >= 0 && gone.includes(parent.children[last])) last--;
    for (const child of gone) {
      const index = parent.children.indexOf(child);
      // In the middle a child goes with the comma behind it; at the end all that follows the last survivor goes.
      if (index < last) edits.push({ from: child.offset, to: parent.children[index + 1].offset, insert: "" });
      else if (index === last + 1) edits.push(this.#tail(parent, last));
    }
    if (edits.length) this.edit(edits, { origin });
  }

  /** Swaps two items of an array by their text. */
  swap(path, a, b, { origin = "form" } = {}) {
    const items = this.node(path)?.children ?? [];
    const [first, second] = [items[Math.min(a, b)], items[Math.max(a, b)]];
    if (!first || !second || first === second) return;
    this.edit(
      [
        { from: first.offset, to: first.offset + first.length, insert: this.slice(second) },
        { from: second.offset, to: second.offset + second.length, insert: this.slice(first) },
      ],
      { origin },
    );
  }

  /** Edits with positions in the present text, sorted and apart from each other. */
  edit(edits, { origin = "edit", group = null } = {}) {
    let next = "";
    let at = 0;
    for (const { from, to, insert } of edits) {
      next += this.#text.slice(at, from) + insert;
      at = to;
    }
    next += this.#text.slice(at);
    const span = { from: edits[0].from, to: edits.at(-1).to };
    const grown = next.length - this.#text.length;
    const step = trimmed({
      from: span.from,
      removed: this.#text.slice(span.from, span.to),
      inserted: next.slice(span.from, span.to + grown),
    });
    if (step.removed === step.inserted) return;
    this.#remember(step, group && `${origin}:${group}`);
    this.#apply(next, step, origin);
  }

  replaceAll(text, { origin = "edit" } = {}) {
    this.edit([{ from: 0, to: this.#text.length, insert: text }], { origin });
  }

  get canUndo() {
    return this.#past.length > 0;
  }

  get canRedo() {
    return this.#future.length > 0;
  }

  undo() {
    const step = this.#past.pop();
    if (!step) return false;
    this.#future.push(step);
    this.#replay({ from: step.from, removed: step.inserted, inserted: step.removed }, "undo");
    return true;
  }

  redo() {
    const step = this.#future.pop();
    if (!step) return false;
    this.#past.push({ ...step, group: null });
    this.#replay(step, "redo");
    return true;
  }

  #replay(step, origin) {
    const after = step.from + step.removed.length;
    this.#apply(this.#text.slice(0, step.from) + step.inserted + this.#text.slice(after), step, origin);
  }

  #apply(text, step, origin) {
    this.#text = text;
    this.#version++;
    if (origin !== "form") this.unwritten.clear();
    const edit = { from: step.from, to: step.from + step.removed.length, insert: step.inserted };
    this.dispatchEvent(new CustomEvent("change", { detail: { origin, edit } }));
  }

  #remember(step, group) {
    const now = Date.now();
    const last = this.#past.at(-1);
    this.#future = [];
    if (group && last?.group === group && now - last.time < SAME_STEP_MS) {
      const from = Math.min(last.from, step.from);
      const to = Math.max(last.from + last.inserted.length, step.from + step.removed.length);
      const between = this.#text.slice(from, to);
      const splice = (at, length, text) => between.slice(0, at - from) + text + between.slice(at - from + length);
      const removed = splice(last.from, last.inserted.length, last.removed);
      const inserted = splice(step.from, step.removed.length, step.inserted);
      this.#past[this.#past.length - 1] = { from, removed, inserted, group, time: now };
      return;
    }
    this.#past.push({ ...step, group, time: now });
    if (this.#past.length > HISTORY_STEPS) this.#past.shift();
  }

  #tail(parent, survivor) {
    const open = parent.offset + 1;
    const close = parent.offset + parent.length - 1;
    const last = parent.children.at(-1);
    if (survivor < 0) return { from: open, to: close, insert: "" };
    const kept = parent.children[survivor];
    return { from: kept.offset + kept.length, to: last.offset + last.length, insert: "" };
  }

  #insertion(parent, step, valueText) {
    const pair = (colon) => (parent.type === "array" ? valueText : `${JSON.stringify(step)}${colon}${valueText}`);
    const open = parent.offset + 1;
    if (!parent.children?.length) {
      const close = parent.offset + parent.length - 1;
      const lineStart = this.#text.lastIndexOf("\n", parent.offset - 1) + 1;
      const indent = /^[ \t]*/.exec(this.#text.slice(lineStart, parent.offset))[0];
      const multiline = parent === this.parsed().root || (this.#text.includes("\n") && parent.type === "object");
      const insert = multiline ? `\n${indent}  ${pair(": ")}\n${indent}` : pair(": ");
      return { from: open, to: close, insert };
    }
    const last = parent.children.at(-1);
    const before = this.#text.slice(open, last.offset);
    const gap = parent.children.length > 1 || before.includes("\n") ? /\s*$/.exec(before)[0] : " ";
    const end = last.offset + last.length;
    return { from: end, to: end, insert: `,${gap}${pair(this.#colon(last))}` };
  }

  #colon(property) {
    if (property.type !== "property") return ": ";
    const [key, value] = property.children;
    return this.#text.slice(key.offset + key.length, value.offset);
  }
}

/** The same edit without what both sides share: a caret next to it stays where it was. */
function trimmed({ from, removed, inserted }) {
  const shortest = Math.min(removed.length, inserted.length);
  let head = 0;
  while (head < shortest && removed.charCodeAt(head) === inserted.charCodeAt(head)) head++;
  let tail = 0;
  while (
    tail < shortest - head &&
    removed.charCodeAt(removed.length - 1 - tail) === inserted.charCodeAt(inserted.length - 1 - tail)
  ) {
    tail++;
  }
  return {
    from: from + head,
    removed: removed.slice(head, removed.length - tail),
    inserted: inserted.slice(head, inserted.length - tail),
  };
}

function wrapped(path, text) {
  return path.reduceRight((inner, step) => {
    return typeof step === "number" ? `[${inner}]` : `{${JSON.stringify(step)}: ${inner}}`;
  }, text);
}

function nested(path, text) {
  const inner = path.length > 1 ? wrapped(path.slice(1), text) : text;
  return `${JSON.stringify(path[0])}: ${inner}`;
}
