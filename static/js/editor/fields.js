/** The controls of single values. Each is {element, input, focus(), refresh(node), note?}. */
import { h, icon, setValue, uniqueId } from "./dom.js";
import { raw } from "./document.js";
import { jsonControl, valueText } from "./field-parts.js";
import { fileControl, filesControl } from "./file-fields.js";
import { listControl, objectControl, typeMatches, unionControl } from "./list-fields.js";

const JSON_NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/;
const BEGUN_NUMBER = /^-?\d*\.?\d*([eE][+-]?)?$/;

export const BUILDERS = {
  text: (field) => textControl(field),
  longtext: (field) => textControl(field, { long: true }),
  suggest: (field) => textControl(field, { suggestions: field.schema.examples }),
  number: (field) => numberControl(field),
  range: (field) => rangeControl(field),
  seed: (field) => seedControl(field),
  choice: (field) => choiceControl(field),
  segments: (field) => segmentsControl(field),
  switch: (field) => switchControl(field),
  file: (field) => fileControl(field),
  files: (field) => filesControl(field),
  list: (field) => listControl(field),
  object: (field) => objectControl(field),
  union: (field) => unionControl(field),
  json: (field) => jsonControl(field),
};

const NODE_TYPES = {
  text: "string",
  longtext: "string",
  suggest: "string",
  number: "number",
  range: "number",
  seed: "number",
  switch: "boolean",
  file: "string",
  files: "array",
  list: "array",
  object: "object",
};

/** Can the control of this kind show this node as it is? */
export function accepts(kind, node, schema) {
  if (kind === "union") return (schema.anyOf ?? schema.oneOf).some((variant) => typeMatches(variant, node));
  if (kind === "choice" || kind === "segments") return ["string", "number", "boolean", "null"].includes(node.type);
  return !NODE_TYPES[kind] || NODE_TYPES[kind] === node.type;
}

const defaultText = ({ schema }) => (schema.default === undefined ? "" : valueText(schema.default));
const ghost = (field) => (field.schema.default === undefined ? "" : `${defaultText(field)}  default`);

function textControl(field, { long = false, suggestions = null } = {}) {
  const write = (event) => field.write(event.target.value);
  const options = suggestions && h("datalist", { id: uniqueId("list") }, suggestions.map((value) => h("option", { value: valueText(value) })));
  const make = (multiline) =>
    h(multiline ? "textarea" : "input", {
      ...field.ties,
      class: long ? "editor-long" : "editor-line",
      type: multiline ? null : "text",
      rows: multiline ? (long ? 3 : 1) : null,
      list: multiline ? null : options?.id,
      autocomplete: "off",
      placeholder: ghost(field),
      onInput: write,
    });
  const element = h("div", {}, make(long), options);
  return {
    element,
    get input() {
      return element.firstElementChild;
    },
    focus: () => element.firstElementChild.focus(),
    refresh(node) {
      const value = node?.value ?? "";
      // A one-line input would silently drop the line breaks.
      if (value.includes("\n") && element.firstElementChild.tagName === "INPUT") element.firstElementChild.replaceWith(make(true));
      // The control turns CRLF into LF by itself; that is no difference to write back.
      if (element.firstElementChild.value !== value.replace(/\r\n?/g, "\n")) setValue(element.firstElementChild, value);
    },
  };
}

/** Writes what was typed as it was typed. Never through a JavaScript number. */
function writeNumber(field, text) {
  const typed = text.trim();
  if (!typed) return field.present ? field.clear() : field.refuse("");
  if (JSON_NUMBER.test(typed)) return field.write(raw(typed));
  const kept = field.present ? ` The text keeps ${field.document.slice(field.node)}.` : "";
  return field.refuse(BEGUN_NUMBER.test(typed) ? `Not a finished number.${kept}` : `Not a number.${kept}`);
}

function numberInput(field, extra = {}) {
  return h("input", {
    ...field.ties,
    class: "input-mono",
    type: "text",
    inputmode: field.schema.minimum >= 0 ? "decimal" : "text",
    autocomplete: "off",
    placeholder: ghost(field),
    onInput: (event) => writeNumber(field, event.target.value),
    onKeydown: (event) => stepNumber(field, event),
    ...extra,
  });
}

/** Arrow keys count up and down, for numbers a JavaScript number holds exactly. */
function stepNumber(field, event) {
  const by = { ArrowUp: 1, ArrowDown: -1 }[event.key];
  const text = event.target.value.trim() || defaultText(field);
  if (!by || event.altKey || event.ctrlKey || event.metaKey || !JSON_NUMBER.test(text) || text.length > 15) return;
  event.preventDefault();
  const step = stepOf(field.schema);
  const decimals = Math.max(text.split(".")[1]?.length ?? 0, String(step).split(".")[1]?.length ?? 0);
  const { minimum = -Infinity, maximum = Infinity } = field.schema;
  const next = Math.min(maximum, Math.max(minimum, Number(text) + by * step));
  field.write(raw(next.toFixed(decimals)));
}

function stepOf({ type, multipleOf, minimum, maximum }) {
  if (multipleOf) return multipleOf;
  if (type === "integer") return 1;
  const span = maximum - minimum;
  if (!Number.isFinite(span)) return 0.1;
  return span <= 2 ? 0.01 : span <= 10 ? 0.05 : span <= 50 ? 0.1 : 1;
}

const shownNumber = (field, node) => (node === undefined ? "" : field.document.slice(node));

function numberControl(field) {
  const input = numberInput(field);
  return {
    element: input,
    input,
    focus: () => input.focus(),
    refresh: (node) => field.problem || setValue(input, shownNumber(field, node)),
  };
}

function rangeControl(field) {
  const { minimum, maximum } = field.schema;
  const input = numberInput(field, { placeholder: defaultText(field) });
  const slider = h("input", {
    type: "range",
    min: minimum,
    max: maximum,
    step: stepOf(field.schema),
    "aria-label": `${field.label}, slider`,
    "aria-describedby": field.describedBy,
    onInput: () => field.write(raw(slider.value)),
  });
  return {
    element: h("div", { class: "editor-range" }, slider, input),
    input,
    focus: () => input.focus(),
    note: (node) => (node === undefined && field.schema.default !== undefined ? "default" : `${minimum} – ${maximum}`),
    refresh(node) {
      if (!field.problem) setValue(input, shownNumber(field, node));
      const shown = node === undefined ? (defaultText(field) || String(minimum)) : field.document.slice(node);
      if (Number(slider.value) !== Number(shown)) slider.value = shown;
      slider.style.setProperty("--filled", `${(100 * (slider.value - minimum)) / (maximum - minimum)}%`);
    },
  };
}

const RANDOM_SEEDS = 2 ** 31;

function seedControl(field) {
  const input = numberInput(field, { inputmode: "text" });
  const random = h("button", { class: "button button-small", title: "Writes -1: another picture each time", onClick: () => field.write(raw("-1")) }, icon("dice"), "Random");
  const pin = h("button", { class: "button button-small", onClick: () => field.write(raw(pinned(field))) }, icon("pin"), "Pin");
  return {
    element: h("div", { class: "editor-seed" }, input, random, pin),
    input,
    focus: () => input.focus(),
    note: (node) => (node === undefined ? "" : isRandom(field, node) ? "random" : "pinned"),
    refresh(node) {
      if (!field.problem) setValue(input, shownNumber(field, node));
      const isPinned = node !== undefined && !isRandom(field, node);
      random.setAttribute("aria-pressed", String(node !== undefined && !isPinned));
      pin.setAttribute("aria-pressed", String(isPinned));
      pin.title = field.context.lastSeed ? `Writes ${field.context.lastSeed}, the seed of the last result` : "Writes a new seed that stays the same from run to run";
    },
  };
}

const isRandom = (field, node) => field.document.slice(node) === "-1";
const pinned = (field) => field.context.lastSeed || String(crypto.getRandomValues(new Uint32Array(1))[0] % RANDOM_SEEDS);

/** The choice that the node is, by its JSON text ("5" and 5 are two values), or null. */
const choiceText = (choice) => JSON.stringify(choice);
const nodeText = (field, node) => (node.type === "string" ? JSON.stringify(node.value) : field.document.slice(node));

function choiceControl(field) {
  const { enum: choices, default: preset } = field.schema;
  const absent = preset === undefined ? "not set" : `${valueText(preset)} (default)`;
  const other = h("option", { hidden: true });
  const input = h(
    "select",
    { ...field.ties, onChange: () => (input.value ? field.write(raw(input.value)) : field.clear()) },
    h("option", { value: "" }, absent),
    choices.map((choice) => h("option", { value: choiceText(choice) }, valueText(choice))),
    other,
  );
  return {
    element: input,
    input,
    focus: () => input.focus(),
    refresh(node) {
      const text = node === undefined ? "" : nodeText(field, node);
      const known = node === undefined || choices.some((choice) => choiceText(choice) === text);
      other.hidden = known;
      if (!known) {
        other.value = text;
        other.textContent = `${text} (not in the list)`;
      }
      input.value = text;
    },
  };
}

function segmentsControl(field) {
  const { enum: choices, default: preset } = field.schema;
  const name = uniqueId("choice");
  const inputs = choices.map((choice) =>
    h("input", { type: "radio", name, value: choiceText(choice), onChange: (event) => field.write(raw(event.target.value)) }),
  );
  const labels = choices.map((choice, index) => {
    return h("label", { "data-default": choiceText(choice) === choiceText(preset) }, inputs[index], valueText(choice));
  });
  const stray = h("span", { class: "editor-stray", hidden: true });
  const ties = { ...field.groupTies, role: "radiogroup" };
  return {
    element: h("div", { class: "editor-segments" }, h("div", { class: "segmented", ...ties }, labels), stray),
    isGroup: true,
    focus: () => (inputs.find((input) => input.checked) ?? inputs[0]).focus(),
    note: (node) => (node === undefined && preset !== undefined ? "default" : ""),
    refresh(node) {
      const text = node === undefined ? null : nodeText(field, node);
      for (const input of inputs) input.checked = input.value === text;
      stray.hidden = text === null || inputs.some((input) => input.checked);
      stray.textContent = stray.hidden ? "" : text;
    },
  };
}

function switchControl(field) {
  const word = h("span", { class: "editor-switch-word" });
  const input = h("input", { ...field.ties, type: "checkbox", role: "switch", onChange: () => field.write(input.checked) });
  return {
    element: h("label", { class: "check editor-switch" }, input, word),
    input,
    focus: () => input.focus(),
    refresh(node) {
      input.checked = node === undefined ? field.schema.default === true : node.value === true;
      const isDefault = node === undefined && field.schema.default !== undefined;
      word.textContent = (input.checked ? "on" : "off") + (isDefault ? ", default" : "");
    },
  };
}
