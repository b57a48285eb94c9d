/** Which field a schema asks for. Schemas are hints: everything here has an answer for a schema that says nothing. */

const LONG_NAMES = /(^|_)(prompt|text|instruction|instructions|lyrics|caption|description|garment_des|content|system|transcript|script)s?$/i;
const LONG_DESCRIPTION = /\b(prompt|what to (draw|avoid|say)|lyrics|words to|text to)\b/i;
const FILE_NAMES = /(^|_)(image|img|images|imgs|imageurl|photo|picture|mask|audio|audios|video|videos|frame|file|files)(_(url|urls|uri|uris|input|inputs|path))?$/i;
const FILE_NAMES_ONLY_URL = /(image|img|audio|video|frame|file|mask|photo)s?_?(url|uri)s?$/i;
const NOT_FILES = /^(return|enable|is|has|num|max|min|generate|with|use)_|_(format|size|width|height|type|count|quality|strength|scale)$/i;
const ADDRESS_NAMES = /_?ur[il]s?$|^image_inputs?$/i;
const SEGMENTS = 4;
const SEGMENT_CHARACTERS = 26;

const MEDIA = [
  [/audio|voice|sound|speech|song|music/i, "audio"],
  [/video|clip|movie/i, "video"],
  [/image|img|photo|picture|mask|frame|face|pose|garm|selfie/i, "image"],
];

/** The type a schema gives, without null; "" where it gives none. */
export function typeOf(schema) {
  const types = [schema?.type ?? []].flat().filter((type) => type !== "null");
  if (types.length) return types[0];
  if (schema?.properties) return "object";
  if (schema?.items) return "array";
  return schema?.enum?.length ? typeof schema.enum[0] : "";
}

export function isFileName(name) {
  return FILE_NAMES_ONLY_URL.test(name) || (FILE_NAMES.test(name) && !NOT_FILES.test(name));
}

export function isFile(name, schema) {
  if (typeOf(schema) !== "string" || schema.enum || schema.examples) return false;
  return schema.format === "uri" || schema.contentEncoding === "base64" || isFileName(name);
}

/** "image", "audio", "video" or "file", for the words and the file dialog. */
export function mediaOf(name, schema) {
  const text = `${name} ${schema?.description ?? ""}`;
  return MEDIA.find(([pattern]) => pattern.test(name))?.[1] ?? MEDIA.find(([pattern]) => pattern.test(text))?.[1] ?? "file";
}

/** How a file put into this field is sent unless the person says otherwise: "upload" or "base64". */
export function presetHow(name, schema) {
  if (schema?.contentEncoding === "base64") return "base64";
  return ADDRESS_NAMES.test(name) ? "upload" : "base64";
}

export const isSeed = (name, schema) => /(^|_)seed$/i.test(name) && typeOf(schema) === "integer";

const isLong = (name, schema) =>
  LONG_NAMES.test(name) || schema.maxLength > 200 || LONG_DESCRIPTION.test(schema.description ?? "") || (schema.description ?? "").length > 160;

/** The name of the builder in fields.js. */
export function kindOf(name, schema, depth = 0) {
  if (!schema || typeof schema !== "object") return "json";
  const variants = (schema.anyOf ?? schema.oneOf)?.filter((variant) => variant.type);
  if (variants?.length > 1 && !schema.type) return "union";
  if (schema.enum?.length && schema.enum.every((choice) => Object(choice) !== choice)) return isSegmented(schema) ? "segments" : "choice";
  switch (typeOf(schema)) {
    case "boolean":
      return "switch";
    case "integer":
    case "number":
      return isSeed(name, schema) ? "seed" : hasRange(schema) ? "range" : "number";
    case "string":
      if (isFile(name, schema)) return "file";
      return schema.examples?.length ? "suggest" : isLong(name, schema) ? "longtext" : "text";
    case "array":
      if (depth > 4 || !typeOf(schema.items)) return "json";
      return isFile(name, schema.items) || (schema.items.type === "string" && isFileName(name)) ? "files" : "list";
    case "object":
      return depth > 4 || !Object.keys(schema.properties ?? {}).length ? "json" : "object";
    default:
      return "json";
  }
}

export const hasRange = (schema) => Number.isFinite(schema.minimum) && Number.isFinite(schema.maximum);

function isSegmented({ enum: choices }) {
  const words = choices.map(String);
  return words.length > 1 && words.length <= SEGMENTS && words.join("").length <= SEGMENT_CHARACTERS;
}

/** Kinds that take a whole row. */
export const isWide = (kind) => ["longtext", "file", "files", "list", "object", "json", "union"].includes(kind);

/**
 * A schema for a body whose model has none: what the values look like now. It warns about nothing. Types that a person could change by hand
 * are guessed from the value; nothing is required.
 */
export function guessSchema(root) {
  const properties = {};
  for (const property of root?.type === "object" ? root.children : []) {
    const [key, value] = property.children;
    if (value) properties[key.value] = guess(key.value, value);
  }
  return { type: "object", properties, guessed: true };
}

function guess(name, node, depth = 0) {
  switch (node.type) {
    case "string":
      if (node.value.startsWith("atelier-file:") || (isFileName(name) && !node.value.includes("\n"))) return { type: "string", format: "uri" };
      return node.value.length > 60 || node.value.includes("\n") ? { type: "string", maxLength: Infinity } : { type: "string" };
    case "number":
      return { type: /seed$/i.test(name) ? "integer" : "number" };
    case "boolean":
      return { type: "boolean" };
    case "array":
      return guessList(name, node, depth);
    case "object":
      return guessObject(node, depth);
    default:
      return {};
  }
}

function guessList(name, node, depth) {
  const kinds = new Set(node.children.map((item) => item.type));
  if (!node.children.length) return { type: "array", items: isFileName(name) ? { type: "string", format: "uri" } : { type: "string" } };
  if (kinds.size > 1 || depth > 2) return {};
  if (!kinds.has("object")) return { type: "array", items: guess(name, node.children[0], depth + 1) };
  const merged = { type: "object", properties: {} };
  for (const item of node.children) Object.assign(merged.properties, guessObject(item, depth + 1).properties);
  return { type: "array", items: merged };
}

function guessObject(node, depth) {
  if (depth > 2) return {};
  const properties = {};
  for (const property of node.children) {
    const [key, value] = property.children;
    if (value) properties[key.value] = guess(key.value, value, depth + 1);
  }
  return { type: "object", properties };
}

/** The schema of the value at `path`, or undefined. Of alternatives the first that knows the way. */
export function schemaAt(schema, path) {
  if (!schema) return undefined;
  if (!path.length) return schema;
  const [step, ...rest] = path;
  const inner = typeof step === "number" ? schema.items : schema.properties?.[step];
  if (inner) return schemaAt(inner, rest);
  for (const variant of schema.anyOf ?? schema.oneOf ?? []) {
    const found = schemaAt(variant, path);
    if (found) return found;
  }
  return undefined;
}
