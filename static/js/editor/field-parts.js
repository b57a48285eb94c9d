/**
 * One field: its frame (name, state, hint, messages) and the control inside, which may be swapped when the value in the text is not what
 * the schema expects. A field holds no value of its own; it shows a node of the text and writes edits.
 */
import { h, iconButton, setValue, uniqueId } from "./dom.js";
import { raw } from "./document.js";
import { formatBytes } from "./diagnostics.js";
import { parseBlob } from "./uploads.js";

/** Longer texts are not put into a form control. */
const SHOWN_CHARACTERS = 100_000;

export const valueText = (value) => (typeof value === "string" ? value : JSON.stringify(value));

export class Field {
  /**
   * @param context {document, files, form, builders}
   * @param options {path, name, label, schema, kind, required, depth, wide, bare}: `bare` is a row of a list, without name and clear button
   */
  constructor(context, options) {
    Object.assign(this, { depth: 0, required: false, bare: false, wide: false, label: options.name }, options);
    this.context = context;
    this.id = uniqueId("field");
    this.hintId = `${this.id}-hint`;
    this.messagesId = `${this.id}-messages`;
    this.labelId = `${this.id}-label`;
    this.node = undefined;
    this.problem = "";
    /** Has the person been here? Before that, an empty required field is no news. */
    this.visited = false;
    this.#build();
    this.element.addEventListener("focusout", () => (this.visited = true));
  }

  get document() {
    return this.context.document;
  }

  get present() {
    return this.node !== undefined;
  }

  get describedBy() {
    return [this.hint && this.hintId, this.messagesId].filter(Boolean).join(" ");
  }

  /** Attributes that tie a control to its frame. */
  get ties() {
    return { id: this.id, "aria-describedby": this.describedBy, "aria-label": this.bare ? this.label : null };
  }

  /** Attributes of a control made of several: the frame's name is its name. */
  get groupTies() {
    const name = this.bare ? { "aria-label": this.label } : { "aria-labelledby": this.labelId };
    return { id: this.id, role: "group", tabindex: "-1", "aria-describedby": this.describedBy, ...name };
  }

  write(value) {
    this.problem = "";
    this.document.setUnwritten(this.path, "");
    this.document.set(this.path, value);
  }

  /** Says that what was typed cannot be written; the text keeps what it had. */
  refuse(message) {
    this.problem = message;
    this.document.setUnwritten(this.path, message);
  }

  clear() {
    this.problem = "";
    this.document.setUnwritten(this.path, "");
    this.document.remove(this.path);
    this.focus();
  }

  focus() {
    this.control.focus();
  }

  refresh(node) {
    this.node = node;
    if (!this.document.unwritten.has(JSON.stringify(this.path))) this.problem = "";
    const kind = this.#kindFor(node);
    if (kind !== this.shownKind) this.#swap(kind);
    this.control.refresh(node);
    this.element.toggleAttribute("data-absent", node === undefined);
    if (this.clearButton) this.clearButton.hidden = node === undefined;
    if (this.note) this.note.textContent = this.#noteText();
  }

  /** The field of `path` in here, or this one. */
  at(path) {
    return this.control.at?.(path) ?? this;
  }

  /** Shows the messages for this field; a list of diagnostics with `path`. Inner fields get theirs. */
  showMessages(list) {
    const own = [];
    const inner = new Map();
    for (const entry of list) {
      const field = entry.path.length > this.path.length ? this.at(entry.path) : this;
      if (field === this) own.push(entry);
      else inner.set(field, [...(inner.get(field) ?? []), entry]);
    }
    for (const child of this.control.children?.() ?? []) child.showMessages(inner.get(child) ?? []);
    const told = own.filter((entry) => entry.code !== "required" || this.visited || this.context.asked);
    const texts = told.map(({ message, severity, path }) => ({
      severity,
      text: path.length > this.path.length ? `${path.slice(this.path.length).join(".")}: ${message}` : message,
    }));
    this.messages.replaceChildren(
      ...texts.map(({ severity, text }) => h("li", { class: severity === "error" ? "field-error" : "editor-warning" }, text)),
    );
    const broken = own.some((entry) => entry.severity === "error");
    this.element.toggleAttribute("data-warned", told.length > 0 && !broken);
    this.control.input?.setAttribute("aria-invalid", String(broken));
  }

  #build() {
    const { schema, bare } = this;
    this.shownKind = this.kind;
    if (schema.description && !bare) this.hint = h("p", { class: "editor-hint", id: this.hintId }, schema.description);
    this.control = this.context.builders[this.kind](this);
    this.messages = h("ul", { class: "editor-messages", id: this.messagesId });
    this.body = h("div", { class: "editor-control" }, this.control.element);
    this.element = h("div", { class: `field editor-field${this.wide ? " editor-wide" : ""}`, "data-kind": this.kind });
    if (!bare) this.element.append(this.#head());
    this.element.append(this.body, ...(this.hint ? [this.hint] : []), this.messages);
    if (bare) return;
    // Seen at the top of the field, reached after its control.
    this.element.append(this.clearButton);
    this.element.dataset.field = this.path.join(".");
  }

  #head() {
    const required = this.required ? h("span", { class: "editor-required" }, "required") : null;
    const isGroup = this.control.isGroup;
    this.labelElement = h(isGroup ? "span" : "label", { class: "field-label", id: this.labelId }, this.label, required);
    if (!isGroup) this.labelElement.htmlFor = this.id;
    this.note = h("span", { class: "editor-note" });
    this.clearButton = iconButton("close", `Clear ${this.label}`, () => this.clear(), {
      class: "button button-quiet button-small button-icon editor-clear",
      title: this.schema.default === undefined ? "Clear: takes the key out of the text" : "Clear: the model's default applies",
    });
    return h("div", { class: "editor-field-head" }, this.labelElement, this.note);
  }

  #noteText() {
    return this.control.note?.(this.node) ?? "";
  }

  #kindFor(node) {
    if (node === undefined || this.kind === "json") return this.kind;
    if (node.type === "string" && this.kind !== "file") {
      if (parseBlob(node.value)) return "file";
      if (node.value.length > SHOWN_CHARACTERS) return "json";
    }
    return this.context.accepts(this.kind, node, this.schema) ? this.kind : "json";
  }

  #swap(kind) {
    const hadFocus = this.element.contains(document.activeElement);
    this.shownKind = kind;
    this.control = this.context.builders[kind](this);
    this.body.replaceChildren(this.control.element);
    this.element.dataset.kind = kind;
    if (hadFocus) this.control.focus();
  }
}

/** The value as JSON text: for what has no control of its own, and for values of an unexpected type. */
export function jsonControl(field) {
  const input = h("textarea", {
    ...field.ties,
    class: "input-mono editor-json-input",
    rows: 2,
    spellcheck: "false",
    autocapitalize: "off",
    onInput: () => writeJson(field, input),
  });
  const clip = h("p", { class: "editor-clip", hidden: true });
  return {
    element: h("div", {}, input, clip),
    input,
    focus: () => input.focus(),
    refresh(node) {
      const big = node !== undefined && node.length > SHOWN_CHARACTERS;
      input.hidden = big;
      clip.hidden = !big;
      if (big) clip.textContent = `${formatBytes(node.length)} of JSON. Edit it in the JSON view.`;
      else if (!field.problem) setValue(input, node === undefined ? "" : field.document.slice(node));
      input.placeholder = field.schema.default === undefined ? "" : JSON.stringify(field.schema.default);
    },
  };
}

function writeJson(field, input) {
  const text = input.value.trim();
  if (!text) return field.clear();
  try {
    JSON.parse(text);
  } catch {
    return field.refuse("This is not JSON yet. Text needs double quotes. The last good value is kept.");
  }
  return field.write(raw(text));
}
