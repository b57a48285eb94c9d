/** Completion and hints from the schema, for the JSON view. */
import { getLocation } from "../../vendor/jsonc-parser-3.3.1.js";
import { hoverTooltip } from "../../vendor/codemirror-6.43.15.js";

import { h } from "./dom.js";
import { schemaAt, typeOf } from "./schema.js";
import { emptyItem } from "./list-fields.js";

const valueText = (value) => JSON.stringify(value);

/** "integer, 1 to 100, default 20" */
export function facts(schema) {
  const { minimum, maximum, default: preset, multipleOf } = schema;
  const type = typeOf(schema) || (schema.anyOf ?? []).map(typeOf).filter(Boolean).join(" or ");
  const range = minimum !== undefined && maximum !== undefined ? `${minimum} to ${maximum}` : minimum !== undefined ? `at least ${minimum}` : maximum !== undefined ? `at most ${maximum}` : "";
  const parts = [type, range, multipleOf && `in steps of ${multipleOf}`, preset !== undefined && `default ${valueText(preset)}`];
  return parts.filter(Boolean).join(", ");
}

function choicesOf(schema) {
  if (schema.enum) return schema.enum;
  if (typeOf(schema) === "boolean") return [true, false];
  const own = [...(schema.examples ?? []), ...(schema.default === undefined ? [] : [schema.default])];
  return [...new Set(own)];
}

function keyOptions(schema, present, { colon }) {
  const required = new Set(schema.required ?? []);
  return Object.entries(schema.properties ?? {})
    .filter(([name]) => !present.has(name))
    .map(([name, inner], index) => {
      const value = inner.default !== undefined ? valueText(inner.default) : emptyItem(inner);
      return {
        label: JSON.stringify(name),
        displayLabel: name,
        type: "property",
        detail: required.has(name) ? "required" : typeOf(inner),
        info: inner.description,
        // In the schema's order, what is required first.
        boost: Math.max(1, 98 - index) - (required.has(name) ? 0 : 49),
        apply: colon ? JSON.stringify(name) : `${JSON.stringify(name)}: ${value}`,
      };
    });
}

/** "image_input[0]": the last key and what follows it. */
function nameOf(path) {
  const key = path.findLastIndex((step) => typeof step === "string");
  return path[key] + path.slice(key + 1).map((index) => `[${index}]`).join("");
}

/** A completion source for the keys, choices and examples the schema names. */
export function completions(document) {
  return (context) => {
    const { schema } = document;
    if (!schema) return null;
    const { text } = document;
    const { path, isAtPropertyKey, previousNode } = getLocation(text, context.pos);
    const inside = previousNode && previousNode.offset < context.pos && context.pos <= previousNode.offset + previousNode.length;
    const word = context.matchBefore(/"?[\w.-]*/);
    const from = inside ? previousNode.offset : (word?.from ?? context.pos);
    const to = inside ? previousNode.offset + previousNode.length : context.pos;
    if (!context.explicit && !inside && !word?.text) return null;
    if (isAtPropertyKey) {
      const parent = path.slice(0, -1);
      const object = document.node(parent);
      const present = new Set((object?.children ?? []).map((property) => property.children?.[0]?.value));
      present.delete(inside ? previousNode.value : undefined);
      const target = schemaAt(schema, parent);
      const colon = /^\s*:/.test(text.slice(to, to + 40));
      return target?.properties ? { from, to, options: keyOptions(target, present, { colon }), filter: true } : null;
    }
    const target = schemaAt(schema, path);
    if (!target) return null;
    const options = choicesOf(target).map((value) => ({ label: valueText(value), type: "enum", detail: value === target.default ? "default" : "" }));
    // Asked for by key, a choice that is there already must not hide the others.
    return options.length ? { from, to, options, filter: !(context.explicit && inside) } : null;
  };
}

/** A small card with type, range, default and description of what is under the pointer. */
export function hints(document) {
  return hoverTooltip((view, position) => {
    if (!document.schema || document.parsed().heavy) return null;
    const { path, previousNode } = getLocation(document.text, position);
    const schema = path.length ? schemaAt(document.schema, path) : null;
    if (!schema || !previousNode || position > previousNode.offset + previousNode.length) return null;
    const create = () => ({
      dom: h(
        "div",
        { class: "editor-tip" },
        h("p", {}, h("strong", {}, nameOf(path)), " ", h("span", {}, facts(schema))),
        schema.description ? h("p", {}, schema.description) : null,
        schema.enum ? h("p", { class: "mono" }, schema.enum.map(valueText).join("  ")) : null,
      ),
    });
    return { pos: previousNode.offset, end: previousNode.offset + previousNode.length, create };
  });
}
