/** The form: fields from the schema (or guessed from the text), other fields kept, and what to show when the text cannot be edited in place. */
import { h, icon, iconButton, memory, uniqueId } from "./dom.js";
import { raw } from "./document.js";
import { BUILDERS, accepts } from "./fields.js";
import { Field } from "./field-parts.js";
import { guessSchema, isFileName, isWide, kindOf } from "./schema.js";

/** Fields beyond this many go into "More settings", if at least three would. */
const SHOWN_FIELDS = 8;
const LEAST_HIDDEN = 3;

const NEW_VALUES = { text: '""', number: "0", switch: "false", list: "[]", object: "{}", json: "null" };

export class FormView {
  constructor({ document, files, root, storageKey, onEditJson }) {
    this.document = document;
    this.schema = document.schema;
    this.storageKey = storageKey;
    this.onEditJson = onEditJson;
    this.context = { document, files, root, builders: BUILDERS, accepts, lastSeed: "", asked: false };
    this.fields = new Map();
    this.signature = null;
    this.element = h("div", { class: "editor-form" });
    this.broken = h("div", { class: "editor-broken", role: "status", hidden: true });
    this.main = h("div", { class: "editor-fields" });
    this.more = this.#moreSettings();
    this.others = new OtherFields(this);
    this.element.append(this.broken, this.main, this.more, this.others.element);
    files.addEventListener("change", () => this.refresh());
  }

  /** Brings every control in step with the text. */
  refresh() {
    const { document } = this;
    const usable = document.editable;
    this.broken.hidden = usable;
    for (const part of [this.main, this.others.element]) part.hidden = !usable;
    if (!usable) {
      this.more.hidden = true;
      return this.#explain();
    }
    this.#rebuildIfNeeded();
    const { root } = document.parsed();
    const values = new Map((root?.children ?? []).map((property) => [property.children[0].value, property.children[1]]));
    for (const [name, field] of this.fields) field.refresh(values.get(name));
    this.others.refresh(values);
    this.showMessages();
  }

  showMessages() {
    const byField = new Map();
    const loose = [];
    for (const entry of this.document.diagnostics()) {
      const field = entry.path?.length ? this.fields.get(entry.path[0]) : null;
      if (field) byField.set(field, [...(byField.get(field) ?? []), entry]);
      else if (entry.code !== "empty") loose.push(entry);
    }
    for (const field of this.fields.values()) field.showMessages(byField.get(field) ?? []);
    this.others.showMessages(loose);
    const hidden = [...this.moreFields].filter((field) => field.messages.childElementCount).length;
    const set = [...this.moreFields].filter((field) => field.present).length;
    const parts = [`${this.moreFields.size} more`, set ? `${set} set` : "", hidden ? `${hidden} with a note` : ""];
    this.moreCount.textContent = parts.filter(Boolean).join(" · ");
  }

  /** Shows the field of `path` and puts the caret there; false where the form has none. */
  focus(path) {
    const field = this.fields.get(path[0]);
    if (!field) return false;
    if (this.moreFields.has(field)) this.more.open = true;
    let inner = field;
    while (inner.path.length < path.length && inner.at(path) !== inner) inner = inner.at(path);
    inner.focus();
    return true;
  }

  /** After a try to run, empty required fields are named. */
  nameMissing() {
    this.context.asked = true;
    this.refresh();
  }

  setLastSeed(text) {
    this.context.lastSeed = text;
    this.refresh();
  }

  /** The numbers of the header: parameters of the schema, and fields it does not know. */
  counts() {
    const { root } = this.document.parsed();
    const keys = new Set(root?.type === "object" ? root.children.map((property) => property.children[0].value) : []);
    const known = Object.keys(this.schema?.properties ?? {});
    return { known: known.length, present: keys.size, unknown: known.length ? [...keys].filter((key) => !known.includes(key)).length : 0 };
  }

  get guessing() {
    return Object.keys(this.schema?.properties ?? {}).length === 0;
  }

  #rebuildIfNeeded() {
    const { root } = this.document.parsed();
    const signature = this.guessing ? JSON.stringify((root?.children ?? []).map(shapeOf)) : "schema";
    if (signature === this.signature) return;
    this.signature = signature;
    this.#build(this.guessing ? guessSchema(root) : this.schema);
  }

  #build({ properties = {}, required = [] }) {
    this.fields.clear();
    this.moreFields = new Set();
    for (const [name, schema] of Object.entries(properties)) {
      const kind = kindOf(name, schema);
      const options = { path: [name], name, schema, kind, wide: isWide(kind), required: required.includes(name) };
      this.fields.set(name, new Field(this.context, options));
    }
    const all = [...this.fields.values()];
    const always = (field) => field.required || field.kind === "seed";
    const room = SHOWN_FIELDS - all.filter(always).length;
    const optional = all.filter((field) => !always(field));
    const later = new Set(this.guessing || optional.length - room < LEAST_HIDDEN ? [] : optional.slice(Math.max(room, 0)));
    this.moreFields = later;
    this.main.replaceChildren(...all.filter((field) => !later.has(field)).map((field) => field.element));
    this.moreBody.replaceChildren(...[...later].map((field) => field.element));
    this.more.hidden = later.size === 0;
    if (!all.length) this.main.replaceChildren(h("p", { class: "editor-hint editor-wide" }, "This model has no known parameters. Add the fields it takes, or write them in the JSON view."));
  }

  #moreSettings() {
    const key = `more.${this.storageKey}`;
    this.moreBody = h("div", { class: "editor-fields" });
    this.moreCount = h("span", { class: "editor-note" });
    const more = h("details", { class: "disclosure editor-more", hidden: true }, h("summary", {}, "More settings", this.moreCount), this.moreBody);
    more.open = memory.get(key) === "open";
    more.addEventListener("toggle", () => memory.set(key, more.open ? "open" : "closed"));
    this.moreFields = new Set();
    return more;
  }

  #explain() {
    const { heavy, tooDeep } = this.document.parsed();
    const [first] = this.document.diagnostics().filter((entry) => entry.severity === "error");
    let title = "The form cannot show this text";
    let detail = first ? first.message : "Its shape is not one the form knows.";
    let offset = first?.from ?? 0;
    if (heavy) {
      title = "The text is too long for the form";
      detail = "It is still here, whole, in the JSON view.";
      offset = 0;
    } else if (first && !tooDeep && first.code !== "not-an-object") title = `Not JSON at line ${first.line}, column ${first.column}`;
    const open = h("button", { class: "button", onClick: () => this.onEditJson(offset) }, icon("code"), heavy ? "Open JSON" : "Show in JSON");
    const body = h("div", { class: "notice-text" }, h("p", {}, h("strong", {}, title)), h("p", {}, detail));
    this.broken.replaceChildren(h("div", { class: "notice notice-error" }, icon("alert", false), body, open));
  }
}

/** What must change for guessed fields to be made anew: keys and types, not values. */
function shapeOf(property) {
  const [key, value] = property.children;
  return [key.value, value?.type, value?.children?.[0]?.type ?? ""];
}

/** Keys the schema does not know: kept, listed, each editable as JSON; and a way to add one. */
class OtherFields {
  constructor(form) {
    this.form = form;
    this.fields = new Map();
    this.list = h("div", { class: "editor-others-list" });
    this.messages = h("ul", { class: "editor-messages" });
    this.summary = h("summary", {});
    this.adder = this.#adder();
    this.details = h("details", { class: "disclosure editor-others" }, this.summary, this.list);
    this.element = h("div", { class: "editor-rest" }, this.messages, this.details, this.adder);
  }

  refresh(values) {
    const { form } = this;
    const names = [...values.keys()].filter((name) => !form.fields.has(name));
    for (const [name, field] of this.fields) {
      if (names.includes(name)) continue;
      field.element.remove();
      this.fields.delete(name);
    }
    for (const name of names) {
      if (!this.fields.has(name)) {
        const field = new Field(form.context, { path: [name], name, schema: {}, kind: "json", wide: true });
        this.fields.set(name, field);
        this.list.append(field.element);
      }
      this.fields.get(name).refresh(values.get(name));
    }
    this.details.hidden = names.length === 0;
    this.summary.textContent = `${names.length} other ${names.length === 1 ? "field" : "fields"} kept`;
  }

  showMessages(entries) {
    const loose = [];
    const byField = new Map([...this.fields.values()].map((field) => [field, []]));
    for (const entry of entries) (byField.get(this.fields.get(entry.path?.[0])) ?? loose).push(entry);
    for (const [field, own] of byField) field.showMessages(own);
    this.messages.replaceChildren(
      ...loose.map(({ message, severity }) => h("li", { class: severity === "error" ? "field-error" : "editor-warning" }, message)),
    );
  }

  #adder() {
    const nameId = uniqueId("new");
    const name = h("input", { type: "text", id: nameId, class: "input-mono", autocomplete: "off", spellcheck: "false", placeholder: "name" });
    const kind = h(
      "select",
      { "aria-label": "Kind of the new field" },
      [["text", "text"], ["number", "number"], ["switch", "true or false"], ["list", "list"], ["object", "object"], ["json", "other JSON"]].map(([value, label]) => h("option", { value }, label)),
    );
    const problem = h("p", { class: "field-error", role: "alert", hidden: true });
    const add = () => {
      const key = name.value;
      problem.hidden = Boolean(key.trim()) && this.form.document.get([key]) === undefined;
      problem.textContent = key.trim() ? `${key} is already there.` : "The field needs a name.";
      if (!problem.hidden) return name.focus();
      const text = isFileName(key) && kind.value === "text" ? '""' : NEW_VALUES[kind.value];
      this.form.document.set([key], raw(text));
      name.value = "";
      panel.hidden = true;
      open.hidden = false;
      if (this.fields.has(key)) this.details.open = true;
      (this.form.fields.get(key) ?? this.fields.get(key))?.focus();
    };
    const show = (visible) => {
      panel.hidden = !visible;
      open.hidden = visible;
      (visible ? name : open).focus();
    };
    const open = h("button", { class: "button button-quiet button-small editor-add-open", onClick: () => show(true) }, icon("plus"), "Add field");
    const panel = h(
      "div",
      { class: "editor-adder", hidden: true, role: "group", "aria-label": "New field" },
      h("label", { class: "visually-hidden", for: nameId }, "Name of the new field"),
      name,
      kind,
      h("button", { class: "button", onClick: add }, "Add"),
      iconButton("close", "Cancel", () => show(false)),
      problem,
    );
    panel.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && event.target === name && !event.ctrlKey && !event.metaKey) add();
      if (event.key === "Escape") show(false);
    });
    return h("div", { class: "editor-add" }, open, panel);
  }
}
