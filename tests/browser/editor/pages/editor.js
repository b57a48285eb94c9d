// Mounts the editor as a page would and keeps what tests ask for on window.
import { mountEditor } from "/static/js/editor/editor.js";

window.changes = [];
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) => {
  window.violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`);
});
document.getElementById("run").addEventListener("submit", (event) => {
  event.preventDefault();
  window.submitted = [...(window.submitted ?? []), new FormData(event.target).get("body")];
});
window.editor = mountEditor(document.getElementById("editor"), { onChange: (detail) => window.changes.push(detail) });
