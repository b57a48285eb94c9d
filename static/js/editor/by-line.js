/** Decorations that depend on the words of their own lines: only changed lines are read again. */
import { Decoration, EditorView, StateField } from "../../vendor/codemirror-6.43.15.js";

/** `find(state, from, to)` yields the ranges there; `more(field)` adds what else follows from them. */
export function byLine(find, more = () => []) {
  return StateField.define({
    create: (state) => Decoration.set([...find(state, 0, state.doc.length)]),
    update(set, transaction) {
      if (!transaction.docChanged) return set;
      let next = set.map(transaction.changes);
      const { state } = transaction;
      transaction.changes.iterChangedRanges((fromA, toA, fromB, toB) => {
        const from = state.doc.lineAt(fromB).from;
        const to = state.doc.lineAt(toB).to;
        next = next.update({ filterFrom: from, filterTo: to, filter: () => false, add: [...find(state, from, to)] });
      });
      return next;
    },
    provide: (self) => [EditorView.decorations.from(self), more(self)],
  });
}
