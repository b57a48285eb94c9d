/** In the JSON view a file marker or a long base64 text is one chip: readable, and no megabyte is laid out. */
import { Decoration, EditorView, WidgetType } from "../../vendor/codemirror-6.43.15.js";

import { byLine } from "./by-line.js";
import { h, icon } from "./dom.js";
import { formatBytes } from "./diagnostics.js";
import { HOWS, parseBlob, parseMarker } from "./uploads.js";

const MARKER = "atelier-file:";
const LONGEST_MARKER = 220;
const SHORTEST_BLOB = 2048;

class Chip extends WidgetType {
  constructor(words, symbol) {
    super();
    this.words = words;
    this.symbol = symbol;
  }

  eq(other) {
    return other.words === this.words && other.symbol === this.symbol;
  }

  toDOM() {
    return h("span", { class: "editor-inline-chip", title: "A file. Delete removes it; the form shows more." }, icon(this.symbol), h("span", {}, this.words));
  }
}

const symbolOf = (type) => ({ image: "image", audio: "audio", video: "video" })[type?.split("/")[0]] ?? "file";

function chipFor(value, files) {
  const marker = parseMarker(value);
  if (marker) {
    const info = files.get(value);
    const words = info ? `${info.name} · ${formatBytes(info.size)} · ${info.sha256.slice(0, 4)}… · ${HOWS[marker.how]}` : `file ${marker.id.slice(0, 8)}… · ${HOWS[marker.how]}`;
    return new Chip(words, symbolOf(info?.media_type));
  }
  const blob = parseBlob(value);
  if (!blob) return null;
  return new Chip(`${blob.mediaType.split("/")[0] || "data"} ${formatBytes(blob.bytes)} · ${HOWS[blob.how]}`, symbolOf(blob.mediaType));
}

/** What may be a chip between two quotes, as [from, to]. Searched without a regular expression: a run may have megabytes. */
function* candidates(text) {
  for (let quote = text.indexOf('"'); quote !== -1; ) {
    const start = quote + 1;
    quote = text.indexOf('"', start);
    const length = quote - start;
    if (length >= SHORTEST_BLOB || (length > 0 && length <= LONGEST_MARKER && text.startsWith(MARKER, start))) yield [start, quote];
  }
}

function* found(state, from, to, files) {
  const text = state.sliceDoc(from, to);
  for (const [start, end] of candidates(text)) {
    const widget = chipFor(text.slice(start, end), files);
    // The quotes stay: the chip stands where the text stands.
    if (widget) yield Decoration.replace({ widget }).range(from + start, from + end);
  }
}

export function chips(files) {
  return byLine(
    (state, from, to) => found(state, from, to, files),
    (field) => EditorView.atomicRanges.of((view) => view.state.field(field)),
  );
}
