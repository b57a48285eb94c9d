/** Controls that hold other fields: lists, objects, and values that may be text or a list. */
import { h, icon, iconButton } from "./dom.js";
import { raw } from "./document.js";
import { Field } from "./field-parts.js";
import { isWide, kindOf, typeOf } from "./schema.js";

const EMPTY = { string: '""', integer: "0", number: "0", boolean: "false", array: "[]", object: "{}" };

/** What a new item of this schema looks like: an object with what it requires, otherwise the emptiest value. */
export function emptyItem(schema) {
  if (schema.default !== undefined) return JSON.stringify(schema.default);
  if (schema.enum?.length) return JSON.stringify(schema.enum[0]);
  if (typeOf(schema) === "object") {
    const pairs = (schema.required ?? []).map((name) => `${JSON.stringify(name)}: ${emptyItem(schema.properties?.[name] ?? {})}`);
    return `{${pairs.join(", ")}}`;
  }
  const variant = (schema.anyOf ?? schema.oneOf)?.[0];
  return variant ? emptyItem(variant) : (EMPTY[typeOf(schema)] ?? '""');
}

const singular = (name) => name.replace(/ies$/, "y").replace(/([^s])s$/, "$1");

/**
 * Rows that follow the array in the text. `makeField(index)` gives a row's field. Rows are moved by their buttons or Alt+Up and Alt+Down
 * anywhere in them.
 */
export function rowsOf(field, makeField) {
  const rows = [];
  const element = h("ol", { class: "editor-rows" });
  const live = h("p", { class: "visually-hidden", role: "status" });
  const what = singular(field.name);

  const move = (index, by) => {
    const to = index + by;
    if (to < 0 || to >= rows.length) return;
    field.document.swap(field.path, index, to);
    const row = rows[to];
    (by < 0 ? row.up : row.down).focus();
    if (document.activeElement !== (by < 0 ? row.up : row.down)) row.remove.focus();
    live.textContent = `${what} ${index + 1} is now number ${to + 1} of ${rows.length}`;
  };
  const drop = (index) => {
    field.document.remove([...field.path, index]);
    if (rows.length) rows[Math.min(index, rows.length - 1)].remove.focus();
    else field.control.focus();
    live.textContent = `${what} ${index + 1} removed, ${rows.length} left`;
  };
  const add = (index) => {
    const inner = makeField(index);
    const up = iconButton("chevron", `Move ${what} ${index + 1} up`, () => move(index, -1));
    const down = iconButton("chevron", `Move ${what} ${index + 1} down`, () => move(index, 1));
    up.classList.add("editor-up");
    const remove = iconButton("close", `Remove ${what} ${index + 1}`, () => drop(index));
    const title = inner.kind === "object" ? h("span", { class: "editor-row-title", "aria-hidden": "true" }, `${what} ${index + 1}`) : null;
    down.classList.add("editor-down");
    const item = h("li", { class: "editor-row" }, inner.element, h("div", { class: "editor-row-tools" }, title, up, down, remove));
    item.addEventListener("keydown", (event) => {
      const by = event.altKey && { ArrowUp: -1, ArrowDown: 1 }[event.key];
      if (!by) return;
      event.preventDefault();
      event.stopPropagation();
      move(index, by);
    });
    rows.push({ field: inner, item, up, down, remove });
    element.append(item);
  };

  return {
    element,
    live,
    fields: () => rows.map((row) => row.field),
    refresh(node) {
      const items = node?.children ?? [];
      while (rows.length > items.length) rows.pop().item.remove();
      while (rows.length < items.length) add(rows.length);
      rows.forEach((row, index) => {
        row.field.refresh(items[index]);
        row.up.disabled = index === 0;
        row.down.disabled = index === rows.length - 1;
      });
      element.hidden = items.length === 0;
    },
  };
}

export function listControl(field) {
  const schema = field.schema.items;
  const what = singular(field.name);
  const kind = kindOf(what, schema, field.depth + 1);
  const rows = rowsOf(field, (index) => {
    const path = [...field.path, index];
    return new Field(field.context, { path, name: what, label: `${what} ${index + 1}`, schema, kind, depth: field.depth + 1, bare: true });
  });
  const append = () => {
    const index = field.node?.children?.length ?? 0;
    field.document.set([...field.path, index], raw(emptyItem(schema)));
    rows.fields().at(-1)?.focus();
  };
  const add = h("button", { class: "button button-small", onClick: append }, icon("plus"), `Add ${what}`);
  return {
    element: h("div", { ...field.groupTies, class: "editor-list" }, rows.element, add, rows.live),
    isGroup: true,
    focus: () => add.focus(),
    children: rows.fields,
    at: (path) => rows.fields()[path[field.path.length]],
    note: (node) => countNote(node, field.schema),
    refresh(node) {
      rows.refresh(node);
      add.disabled = (node?.children?.length ?? 0) >= (field.schema.maxItems ?? Infinity);
    },
  };
}

export function countNote(node, { maxItems }) {
  const count = node?.children?.length ?? 0;
  if (maxItems !== undefined) return `${count} of ${maxItems}`;
  return count ? String(count) : "";
}

/** The fields of an object's known keys, one row per two short ones. Unknown keys stay in the text and are named. */
export function objectControl(field) {
  const { properties = {}, required = [] } = field.schema;
  const inner = new Map();
  for (const [name, schema] of Object.entries(properties)) {
    const kind = kindOf(name, schema, field.depth + 1);
    const options = { path: [...field.path, name], name, schema, kind, wide: isWide(kind), required: required.includes(name), depth: field.depth + 1 };
    inner.set(name, new Field(field.context, options));
  }
  const others = h("p", { class: "editor-hint", hidden: true });
  const isMessage = "role" in properties && "content" in properties;
  const element = h(
    "div",
    { ...field.groupTies, class: `editor-object${isMessage ? " editor-message" : ""}` },
    [...inner.values()].map((one) => one.element),
    others,
  );
  return {
    element,
    isGroup: true,
    focus: () => inner.values().next().value?.focus(),
    children: () => [...inner.values()],
    at: (path) => inner.get(path[field.path.length]),
    refresh(node) {
      const values = new Map((node?.children ?? []).map((property) => [property.children[0].value, property.children[1]]));
      for (const [name, one] of inner) one.refresh(values.get(name));
      const kept = [...values.keys()].filter((name) => !inner.has(name));
      others.hidden = kept.length === 0;
      others.textContent = `Also kept: ${kept.join(", ")}. Edit in the JSON view.`;
    },
  };
}

/** A value that may have one of several types: the control of the type it has now, and a way to change it. */
export function unionControl(field) {
  const variants = (field.schema.anyOf ?? field.schema.oneOf).filter((variant) => variant.type && variant.type !== "null");
  const holder = h("div", { class: "editor-union" });
  const switchTo = h("button", { class: "button button-link editor-union-switch", onClick: () => convert(field, variants, shown) });
  let shown = -1;
  let control = null;

  const show = (index) => {
    shown = index;
    const schema = { ...variants[index], description: field.schema.description };
    const kind = kindOf(field.name, schema, field.depth + 1);
    control = field.context.builders[kind](Object.create(field, { schema: { value: schema }, kind: { value: kind } }));
    const other = variants[(index + 1) % variants.length];
    switchTo.textContent = typeOf(other) === "array" ? "Make it a list of parts" : "Make it plain text";
    holder.replaceChildren(control.element, switchTo);
  };
  show(0);
  return {
    element: holder,
    get input() {
      return control.input;
    },
    isGroup: control.isGroup,
    focus: () => control.focus(),
    children: () => control.children?.() ?? [],
    at: (path) => control.at?.(path),
    refresh(node) {
      const index = node === undefined ? shown : variants.findIndex((variant) => typeMatches(variant, node));
      if (index !== shown && index >= 0) show(index);
      switchTo.hidden = node === undefined;
      control.refresh(node);
    },
  };
}

export const typeMatches = (variant, node) => (variant.type === "integer" ? "number" : variant.type) === node.type;

/** Text becomes the first part of a list; a list of one text becomes text. Anything else starts empty; undo brings it back. */
function convert(field, variants, shown) {
  const target = variants[(shown + 1) % variants.length];
  const { node, document } = field;
  let text = emptyItem(target);
  if (typeOf(target) === "array" && node?.type === "string") {
    const value = document.slice(node);
    const asObject = typeOf(target.items) === "object";
    text = asObject ? `[{"type": "text", "text": ${value}}]` : `[${value}]`;
  } else if (node?.type === "array" && node.children.length === 1) {
    const [item] = node.children;
    const part = item.type === "object" ? item.children.find((property) => property.children[0].value === "text")?.children[1] : item;
    if (part?.type === "string") text = document.slice(part);
  }
  field.write(raw(text));
  field.focus();
}
