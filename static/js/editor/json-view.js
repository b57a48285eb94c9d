/** The JSON view: CodeMirror over the same text. Loaded when it is first shown. */
import {
  Annotation,
  Compartment,
  EditorState,
  EditorView,
  HighlightStyle,
  autocompletion,
  bracketMatching,
  closeBrackets,
  closeBracketsKeymap,
  completionKeymap,
  defaultKeymap,
  foldGutter,
  foldKeymap,
  highlightActiveLine,
  highlightActiveLineGutter,
  highlightSelectionMatches,
  highlightSpecialChars,
  indentOnInput,
  indentUnit,
  json,
  keymap,
  lineNumbers,
  lintGutter,
  lintKeymap,
  linter,
  placeholder,
  search,
  searchKeymap,
  syntaxHighlighting,
  tags,
} from "../../vendor/codemirror-6.43.15.js";

import { chips } from "./chips.js";
import { completions, hints } from "./json-assist.js";
import { h } from "./dom.js";
import { variableMarks } from "./variables.js";

/**
 * Where a text is heavy (document.js), language, hints, lint and line wrapping are off, and it stays quick to type in: laying out one wrapped
 * line of five megabytes takes seconds. Shorter texts than this are never heavy.
 */
const LIGHT_LENGTH = 1_000_000;
const fromOutside = Annotation.define();

const highlight = HighlightStyle.define([
  { tag: tags.propertyName, class: "editor-token-key" },
  { tag: tags.string, class: "editor-token-string" },
  { tag: tags.number, class: "editor-token-number" },
  { tag: [tags.bool, tags.null], class: "editor-token-atom" },
  { tag: [tags.punctuation, tags.separator, tags.bracket], class: "editor-token-mark" },
]);

/** Carriage returns are part of the text and no glyph; everything else odd is shown. */
const ODD = /[\u0000-\u0008\u000e-\u001f\u007f-\u009f\u00ad\u061c\u200b\u200e\u200f\u2028\u2029\u202d\u202e\u2066\u2067\u2069\ufeff\ufff9-\ufffc]/g;

const isHeavy = (document) => document.text.length > LIGHT_LENGTH && document.parsed().heavy;

/** Typing over a selection: left to the browser it keeps the old look in a style attribute, which the page's policy refuses. */
function typeOver(event, view) {
  const { data, inputType } = event;
  const { main } = view.state.selection;
  if (inputType !== "insertText" || !data || main.empty || view.composing) return false;
  const typed = () => view.state.update(view.state.replaceSelection(data), { userEvent: "input.type", scrollIntoView: true });
  const handled = view.state.facet(EditorView.inputHandler).some((handle) => handle(view, main.from, main.to, data, typed));
  if (!handled) view.dispatch(typed());
  return true;
}

export class JsonView {
  constructor({ document, files, nonce, label }) {
    this.document = document;
    this.rich = new Compartment();
    this.isPlain = isHeavy(document);
    this.element = h("div", { class: "editor-json" });
    this.files = files;
    this.view = new EditorView({ parent: this.element, state: this.#state(nonce, label) });
    this.onChange = (event) => this.#follow(event.detail);
    document.addEventListener("change", this.onChange);
    // A file that became known has another chip; chips are made when lines are read.
    this.onFiles = () => this.#rereadChips();
    files.addEventListener("change", this.onFiles);
  }

  focus(offset = null) {
    if (offset !== null) {
      const anchor = Math.min(offset, this.view.state.doc.length);
      this.view.dispatch({ selection: { anchor }, effects: EditorView.scrollIntoView(anchor, { y: "center" }) });
    }
    this.view.focus();
  }

  destroy() {
    this.document.removeEventListener("change", this.onChange);
    this.files.removeEventListener("change", this.onFiles);
    this.view.destroy();
  }

  #state(nonce, label) {
    const { document } = this;
    this.chips = new Compartment();
    return EditorState.create({
      doc: document.text,
      extensions: [
        nonce ? EditorView.cspNonce.of(nonce) : [],
        // Only \n ends a line: positions here are positions in the text, and a CRLF text keeps its \r.
        EditorState.lineSeparator.of("\n"),
        EditorView.contentAttributes.of({ "aria-label": label, tabindex: "0" }),
        EditorView.domEventHandlers({ beforeinput: typeOver }),
        lineNumbers(),
        foldGutter(),
        highlightActiveLine(),
        highlightActiveLineGutter(),
        highlightSpecialChars({ specialChars: ODD }),
        indentUnit.of("  "),
        search({ top: true }),
        this.chips.of(chips(this.files)),
        placeholder("{ }"),
        keymap.of([
          // Run belongs to the form around the editor, not to a new line here.
          { key: "Mod-Enter", run: () => true },
          ...closeBracketsKeymap,
          ...completionKeymap,
          ...searchKeymap,
          ...foldKeymap,
          ...lintKeymap,
          ...defaultKeymap,
        ]),
        this.rich.of(this.#richness()),
        EditorView.updateListener.of((update) => this.#report(update)),
      ],
    });
  }

  #richness() {
    if (this.isPlain) return [];
    const { document } = this;
    return [
      EditorView.lineWrapping,
      json(),
      syntaxHighlighting(highlight),
      indentOnInput(),
      bracketMatching(),
      closeBrackets(),
      highlightSelectionMatches(),
      autocompletion({ override: [completions(document)], icons: false }),
      hints(document),
      variableMarks(document.variables),
      lintGutter(),
      linter(() => this.#lint(), { delay: 250 }),
    ];
  }

  #lint() {
    const length = this.view.state.doc.length;
    return this.document.diagnostics().map(({ severity, message, from, to }) => {
      const start = Math.min(from, length);
      return { severity, message, from: start, to: Math.max(start, Math.min(to, length)) };
    });
  }

  /** What was typed here goes to the document, as edits. */
  #report(update) {
    if (!update.docChanged || update.transactions.some((transaction) => transaction.annotation(fromOutside))) return;
    const edits = [];
    update.changes.iterChanges((from, to, fromB, toB, inserted) => {
      edits.push({ from, to, insert: inserted.sliceString(0, inserted.length, "\n") });
    });
    this.reporting = true;
    this.document.edit(edits, { origin: "json", group: "typing" });
    this.reporting = false;
    this.#adjustRichness();
  }

  /** What was changed elsewhere comes here, as the same edit. */
  #follow({ edit, origin }) {
    if (!edit || this.reporting) return;
    const selection = origin === "undo" || origin === "redo" ? { anchor: edit.from + edit.insert.length } : undefined;
    this.view.dispatch({ changes: edit, selection, scrollIntoView: Boolean(selection), annotations: fromOutside.of(true) });
    this.#adjustRichness();
  }

  #rereadChips() {
    this.view.dispatch({ effects: this.chips.reconfigure(chips(this.files)) });
  }

  #adjustRichness() {
    const plain = isHeavy(this.document);
    if (plain === this.isPlain) return;
    this.isPlain = plain;
    this.view.dispatch({ effects: this.rich.reconfigure(this.#richness()) });
  }
}
