// Only what static/js/editor/ uses; esbuild drops the rest.
export { EditorState, StateField, Compartment, Annotation } from "@codemirror/state";
export {
  EditorView,
  Decoration,
  WidgetType,
  keymap,
  lineNumbers,
  highlightActiveLine,
  highlightActiveLineGutter,
  highlightSpecialChars,
  hoverTooltip,
  placeholder,
} from "@codemirror/view";
export { defaultKeymap } from "@codemirror/commands";
export {
  HighlightStyle,
  syntaxHighlighting,
  indentOnInput,
  indentUnit,
  bracketMatching,
  foldGutter,
  foldKeymap,
} from "@codemirror/language";
export { json } from "@codemirror/lang-json";
export { linter, lintGutter, lintKeymap } from "@codemirror/lint";
export { autocompletion, completionKeymap, closeBrackets, closeBracketsKeymap } from "@codemirror/autocomplete";
export { search, searchKeymap, highlightSelectionMatches } from "@codemirror/search";
export { tags } from "@lezer/highlight";
