/** {{name}} of a declared variable is marked in the JSON view, as the server finds it. */
import { Decoration } from "../../vendor/codemirror-6.43.15.js";

import { byLine } from "./by-line.js";

const USE = /\{\{([A-Za-z_][A-Za-z0-9_]{0,59})\}\}/g;
const MARK = Decoration.mark({ class: "editor-variable" });

function* found(state, from, to, names) {
  if (names.size === 0) return;
  for (const use of state.sliceDoc(from, to).matchAll(USE)) {
    if (names.has(use[1])) yield MARK.range(from + use.index, from + use.index + use[0].length);
  }
}

export const variableMarks = (names) => byLine((state, from, to) => found(state, from, to, names));
