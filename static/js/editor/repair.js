/** Offers to mend what is nearly JSON: trailing commas, comments, smart quotes, Python dicts. Nothing changes before the person agrees. */
import { h, icon } from "./dom.js";

const LONGEST = 500_000;
const DIFF_LINES = 300;

const LOOKS = [
  [/\b(True|False|None)\b(?=\s*[,}\]\n]|\s*$)/, "This looks like a Python dict."],
  [/[\u201c\u201d\u2018\u2019\u00ab\u00bb]/, "This has typographic quotes."],
  [/(^|\s)(\/\/|#)|\/\*/m, "This has comments."],
  [/,\s*[}\]]/, "This has a comma too many."],
  [/[{,]\s*'|:\s*'/, "This looks like a Python dict."],
  [/[{,]\s*[A-Za-z_$][\w$]*\s*:/, "This looks like JavaScript."],
];

const withoutStrings = (text) => text.replace(/"(?:[^"\\\n]|\\.)*"/g, '""');

/** {text, title} of a mended text that is JSON, or null. */
export async function proposeRepair(text) {
  if (!text.trim() || text.length > LONGEST) return null;
  const { jsonrepair } = await import("../../vendor/jsonrepair-3.15.0.js");
  let mended;
  try {
    mended = jsonrepair(text);
    const value = JSON.parse(mended);
    if (mended === text || typeof value !== "object" || value === null || Array.isArray(value)) return null;
  } catch {
    return null;
  }
  const bare = withoutStrings(text);
  const title = LOOKS.find(([pattern]) => pattern.test(bare))?.[1] ?? "This is nearly JSON.";
  return { text: mended, title };
}

/** Lines as [sign, text], sign "-", "+" or " ". Longest common subsequence; very long texts are shown as replaced. */
export function diffLines(before, after) {
  const [a, b] = [before.split("\n"), after.split("\n")];
  if (a.length > DIFF_LINES || b.length > DIFF_LINES) {
    return [...a.slice(0, 20).map((line) => ["-", line]), ["-", "…"], ...b.slice(0, 20).map((line) => ["+", line]), ["+", "…"]];
  }
  const common = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      common[i][j] = a[i] === b[j] ? common[i + 1][j + 1] + 1 : Math.max(common[i + 1][j], common[i][j + 1]);
    }
  }
  const lines = [];
  for (let i = 0, j = 0; i < a.length || j < b.length; ) {
    if (i < a.length && j < b.length && a[i] === b[j]) lines.push([" ", a[i++], j++]);
    else if (i < a.length && (j >= b.length || common[i + 1][j] >= common[i][j + 1])) lines.push(["-", a[i++]]);
    else lines.push(["+", b[j++]]);
  }
  return lines;
}

const NAMES = { "-": "editor-diff-old", "+": "editor-diff-new", " ": "editor-diff-same" };

/** The banner with the offer; `element` is hidden while there is none. */
export class RepairBanner {
  constructor(document) {
    this.document = document;
    this.element = h("div", { class: "editor-repair", role: "status", hidden: true });
    this.timer = 0;
    this.wanted = 0;
  }

  /** To be called after each change. `origin` tells a repair from typing. */
  update(origin) {
    clearTimeout(this.timer);
    if (origin === "repair") return;
    this.wanted = this.document.version;
    if (!this.document.diagnostics().some((entry) => entry.code === "syntax" || entry.code === "not-a-number")) return this.#hide();
    this.timer = setTimeout(() => this.#offer(), origin === "mount" ? 0 : 400);
  }

  async #offer() {
    const { document, wanted } = this;
    const proposal = await proposeRepair(document.text);
    if (document.version !== wanted) return;
    if (!proposal) return this.#hide();
    const lines = diffLines(document.text, proposal.text).map(([sign, line]) => {
      return h(sign === "-" ? "del" : sign === "+" ? "ins" : "span", { class: NAMES[sign] }, `${sign} ${line.slice(0, 400)}\n`);
    });
    const diff = h("details", { class: "disclosure" }, h("summary", {}, "Show what changes"), h("pre", { class: "editor-diff", tabindex: "0", role: "group", "aria-label": "What changes" }, lines));
    const repair = h("button", { class: "button button-small", onClick: () => this.#apply(proposal.text) }, "Repair");
    this.#show("warning", "notice-warning", [h("p", {}, proposal.title), diff], repair);
  }

  #apply(text) {
    this.document.replaceAll(text, { origin: "repair" });
    const undo = h("button", { class: "button button-small", onClick: () => this.document.undo() }, "Undo");
    this.#show("check", "notice-ok", [h("p", {}, "Repaired. Check the values before you run it.")], undo);
    undo.focus();
  }

  #show(symbol, style, content, button) {
    this.element.hidden = false;
    this.element.replaceChildren(h("div", { class: `notice ${style}` }, icon(symbol, false), h("div", { class: "notice-text" }, content), button));
  }

  #hide() {
    this.element.hidden = true;
    this.element.replaceChildren();
  }
}
