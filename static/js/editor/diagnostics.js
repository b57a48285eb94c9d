/** What is wrong with a body (errors) and what its schema would say (warnings, which never block). */
import { printParseErrorCode } from "../../vendor/jsonc-parser-3.3.1.js";

const DEPTH_LIMIT = 50;
const LISTED = 200;
const VARIABLE = /^\{\{([A-Za-z_][A-Za-z0-9_]{0,59})\}\}$/;

/** Why a text breaks JSON, by the name jsonc-parser gives it. */
const SYNTAX = {
  InvalidSymbol: "this is not JSON; text needs double quotes",
  InvalidNumberFormat: "this is not a JSON number",
  PropertyNameExpected: "a key in double quotes is expected here",
  ValueExpected: "a value is expected here",
  ColonExpected: "a colon is expected here",
  CommaExpected: "a comma is expected here",
  CloseBraceExpected: "a closing } is missing",
  CloseBracketExpected: "a closing ] is missing",
  EndOfFileExpected: "nothing may follow the end of the JSON",
  InvalidCommentToken: "comments are not allowed in JSON",
  UnexpectedEndOfComment: "comments are not allowed in JSON",
  UnexpectedEndOfString: "this text is never closed with a double quote",
  UnexpectedEndOfNumber: "this number is not finished",
  InvalidUnicode: "\\u needs four hexadecimal digits",
  InvalidEscapeCharacter: "this escape is not known in JSON",
  InvalidCharacter: "line breaks and tabs inside text must be written \\n and \\t",
};

const LONE_SURROGATE = /[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/;

/** The same positions a person counts: line and column from 1. */
export function lineAndColumn(text, offset) {
  let line = 1;
  let start = 0;
  for (let at = text.indexOf("\n"); at >= 0 && at < offset; at = text.indexOf("\n", at + 1)) {
    line++;
    start = at + 1;
  }
  return { line, column: offset - start + 1 };
}

export function formatBytes(bytes) {
  if (bytes < 1000) return `${bytes} B`;
  const [value, unit] = bytes < 999_500 ? [bytes / 1000, "kB"] : [bytes / 1_000_000, "MB"];
  return `${value < 10 ? value.toFixed(1).replace(/\.0$/, "") : Math.round(value)} ${unit}`;
}

export function diagnose(document) {
  const { text } = document;
  const found = [];
  const add = (severity, code, message, from, to, path = null) => {
    if (found.length < LISTED) found.push({ severity, code, message, path, from, to, ...lineAndColumn(text, from) });
  };
  for (const [key, message] of document.unwritten) {
    const path = JSON.parse(key);
    const node = document.node(path);
    add("error", "unwritten", message, node?.offset ?? 0, node ? node.offset + node.length : 0, path);
  }
  const tooLarge = sizeError(document, add);
  if (document.isBlank) {
    add("error", "empty", "The body is empty. The least that can be sent is {}.", 0, 0);
    return found;
  }
  const { root, errors, heavy, tooDeep } = document.parsed();
  if (tooDeep) add("error", "too-deep", `More than ${DEPTH_LIMIT} levels of brackets. The limit is ${DEPTH_LIMIT}.`, 0, 0);
  else if (!(heavy && tooLarge)) syntaxErrors(text, errors, add);
  if (!heavy && !tooDeep && root) {
    treeErrors(text, root, add);
    if (root.type !== "object") add("error", "not-an-object", "A body is an object: it begins with { and ends with }.", root.offset, root.offset + 1, []);
    else if (errors.length === 0 && document.schema) schemaWarnings(document.schema, root, [], add, document);
  }
  return found.sort((a, b) => (a.severity === b.severity ? a.from - b.from : a.severity === "error" ? -1 : 1));
}

function sizeError(document, add) {
  const { text, maxBytes } = document;
  if (text.length * 3 <= maxBytes) return false;
  const bytes = new TextEncoder().encode(text).length;
  if (bytes <= maxBytes) return false;
  add(
    "error",
    "too-large",
    `The text is ${formatBytes(bytes)}; the limit is ${formatBytes(maxBytes)}. Files are better attached than pasted as base64.`,
    0,
    0,
  );
  return true;
}

function syntaxErrors(text, errors, add) {
  let told = -1;
  for (const { error, offset, length } of errors) {
    // What follows at once from the place before is the same mistake.
    const echo = told >= 0 && text.slice(told, offset).trim() === "";
    told = Math.max(told, offset + length);
    if (echo) continue;
    const word = /^-?[A-Za-z_]*/.exec(text.slice(offset, offset + 20))[0];
    if (/^[-+]?(NaN|Infinity)$/.test(word)) {
      add("error", "not-a-number", `${word} does not exist in JSON. Use a number, null or text in quotes.`, offset, offset + word.length);
      continue;
    }
    const reason = SYNTAX[printParseErrorCode(error)] ?? "this is not JSON";
    add("error", "syntax", capital(pythonWord(word) ?? reason), offset, offset + Math.max(length, 1));
  }
  if (errors.length) return;
  // The tolerant parser has the positions; the browser's strict one has the last word.
  try {
    JSON.parse(text);
  } catch (error) {
    const at = Number(/position (\d+)/.exec(error.message)?.[1] ?? 0);
    add("error", "syntax", "This is not JSON here.", at, at + 1);
  }
}

const pythonWord = (word) => (/^(True|False|None)$/.test(word) ? `${word} is Python; JSON writes ${{ True: "true", False: "false", None: "null" }[word]}` : null);
const capital = (sentence) => sentence[0].toUpperCase() + sentence.slice(1) + ".";

/** What parses and still must not be sent: walked without recursion, because depth is one of the things looked for. */
function treeErrors(text, root, add) {
  const stack = [[root, 1, []]];
  let deep = null;
  while (stack.length) {
    const [node, depth, path] = stack.pop();
    if (node.type === "string") stringErrors(node, path, add);
    if (node.type === "number" && !Number.isFinite(node.value)) {
      add("warning", "range", "This number is larger than most programs can hold.", node.offset, node.offset + node.length, path);
    }
    if (!node.children) continue;
    if (depth > DEPTH_LIMIT) {
      if (!deep || node.offset < deep.offset) deep = node;
      continue;
    }
    if (node.type === "array") node.children.forEach((child, index) => stack.push([child, depth + 1, [...path, index]]));
    else objectErrors(node, depth, path, stack, add);
  }
  if (deep) {
    add("error", "too-deep", `More than ${DEPTH_LIMIT} levels of brackets. The limit is ${DEPTH_LIMIT}.`, deep.offset, deep.offset + 1);
  }
}

function objectErrors(node, depth, path, stack, add) {
  const seen = new Set();
  for (const property of node.children) {
    const [key, value] = property.children ?? [];
    if (!key) continue;
    const here = [...path, key.value];
    stringErrors(key, here, add);
    if (seen.has(key.value)) {
      const message = `The key "${short(key.value)}" is there twice. Only the last one counts.`;
      add("warning", "duplicate-key", message, key.offset, key.offset + key.length, here);
    }
    seen.add(key.value);
    if (value) stack.push([value, depth + 1, here]);
  }
}

function stringErrors(node, path, add) {
  const value = node.value;
  if (value.includes("\u0000")) {
    add("warning", "nul", "\\u0000 is refused by most programs.", node.offset, node.offset + node.length, path);
  }
  if (LONE_SURROGATE.test(value)) {
    add("error", "lone-surrogate", "Half of a character: a lone surrogate cannot be sent as UTF-8.", node.offset, node.offset + node.length, path);
  }
}

const short = (text) => (text.length > 40 ? `${text.slice(0, 40)}…` : text);
const typeName = { string: "text", integer: "a whole number", number: "a number", boolean: "true or false", array: "a list", object: "an object", null: "null" };
const isInteger = (text) => /^-?\d+(\.0+)?$/.test(text);

export function matchesType(type, node, text) {
  if (!type) return true;
  if (Array.isArray(type)) return type.some((one) => matchesType(one, node, text));
  if (type === "integer") return node.type === "number" && isInteger(text.slice(node.offset, node.offset + node.length));
  return node.type === type;
}

/** Warnings for one value and what is in it. Only what the models' schemas use is read. */
function schemaWarnings(schema, node, path, add, document) {
  const { text } = document;
  // Nothing but a declared variable: of no type until it has a value.
  if (node.type === "string" && document.variables.has(VARIABLE.exec(node.value)?.[1])) return undefined;
  const end = node.offset + node.length;
  const warn = (code, message, at = path) => add("warning", code, message, node.offset, end, at);
  const variants = (schema.anyOf ?? schema.oneOf)?.filter((variant) => variant.type);
  if (variants?.length) {
    const fitting = variants.find((variant) => matchesType(variant.type, node, text));
    if (fitting) return schemaWarnings(fitting, node, path, add, document);
    return warn("type", `Expected ${variants.map((variant) => typeName[variant.type]).join(" or ")}.`);
  }
  if (!matchesType(schema.type, node, text)) {
    const types = [schema.type].flat().map((type) => typeName[type] ?? type);
    const numeral = node.type === "string" && /^(integer|number)$/.test(schema.type) ? " (this is text)" : "";
    return warn("type", `Expected ${types.join(" or ")}${numeral}.`);
  }
  if (schema.enum && !schema.enum.some((choice) => sameScalar(choice, node, text))) {
    warn("enum", `Not one of ${schema.enum.slice(0, 8).map(String).join(", ")}${schema.enum.length > 8 ? ", …" : ""}.`);
  }
  if (node.type === "number") numberWarnings(schema, node, warn);
  if (node.type === "string") lengthWarnings(schema.minLength, schema.maxLength, node.value.length, "characters", warn);
  if (node.type === "array") {
    lengthWarnings(schema.minItems, schema.maxItems, node.children.length, "items", warn);
    if (schema.items) node.children.forEach((item, index) => schemaWarnings(schema.items, item, [...path, index], add, document));
  }
  if (node.type === "object") propertyWarnings(schema, node, path, add, document);
}

function propertyWarnings(schema, node, path, add, document) {
  const values = new Map(node.children.map((property) => [property.children[0].value, property.children[1]]));
  const absent = (schema.required ?? []).filter((name) => !values.has(name));
  for (const name of absent) {
    add("warning", "required", `${name} is missing; the model asks for it.`, node.offset, node.offset + 1, [...path, name]);
  }
  const choices = schema.anyOf?.filter((variant) => variant.required);
  if (choices?.length && !choices.some((variant) => variant.required.every((name) => values.has(name)))) {
    const names = choices.map((variant) => variant.required.join(" and "));
    add("warning", "required", `The model asks for ${names.join(" or ")}.`, node.offset, node.offset + 1, path);
  }
  for (const [name, value] of values) {
    const inner = schema.properties?.[name];
    if (inner && value) schemaWarnings(inner, value, [...path, name], add, document);
  }
}

function numberWarnings(schema, node, warn) {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = schema;
  const value = node.value;
  const outside =
    value < minimum || value > maximum || value <= exclusiveMinimum || value >= exclusiveMaximum;
  if (outside) {
    const low = minimum ?? exclusiveMinimum;
    const high = maximum ?? exclusiveMaximum;
    const bounds = low === undefined ? `at most ${high}` : high === undefined ? `at least ${low}` : `${low} to ${high}`;
    warn("range", `Outside the usual range, ${bounds}.`);
  }
  if (multipleOf) {
    const steps = value / multipleOf;
    if (Math.abs(steps - Math.round(steps)) > 1e-9) warn("multiple", `Expected a multiple of ${multipleOf}.`);
  }
}

function lengthWarnings(least, most, length, unit, warn) {
  if (length < least) warn("length", `At least ${least} ${unit} are expected.`);
  if (length > most) warn("length", `At most ${most} ${unit} are expected.`);
}

function sameScalar(choice, node, text) {
  if (typeof choice === "number") return node.type === "number" && node.value === choice;
  return JSON.stringify(choice) === text.slice(node.offset, node.offset + node.length) || choice === node.value;
}
