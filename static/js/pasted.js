// A cURL command or Python program pasted anywhere in the playground opens the dialog that reads it on the server.

import { openDialog } from "./dialog.js";
import { signedOut } from "./session.js";

const CURL = /^\s*(?:(?:[$>%#]|PS [^>\n]*>)\s*)?curl(?:\.exe)?\s[\s\S]*(?:\/\/|segmind)/;
const PYTHON = /^[ \t]*(?:import|from)[ \t]+(?:requests|httpx|segmind)\b|^[ \t]*(?:\w+[ \t]*=[ \t]*)?(?:requests|httpx)\.post\(/m;
const JSON_EDITOR = ".editor-json-panel .cm-content, .editor-plain";
const WRITABLE = "textarea, select, input:not([type=checkbox], [type=radio], [type=button]), [contenteditable]:not([contenteditable=false])";

const dialog = document.getElementById("pasted-dialog");
const form = document.getElementById("pasted-form");
const answer = document.getElementById("pasted-answer");
const readIt = form.querySelector("[type=submit]");

// Where the dialog begins. On the page without script the answer stands first.
form.elements.command.autofocus = true;

const looksLikeCall = (text) => CURL.test(text) || PYTHON.test(text);

/** Whether a paste at this place belongs to a text field, or to a dialog that is open. */
function belongsElsewhere(target) {
  if (document.querySelector("dialog[open]")) return true;
  return target.closest?.(WRITABLE) && !target.closest(JSON_EDITOR);
}

// Before the JSON editor, which would put the command into the payload.
document.addEventListener(
  "paste",
  (event) => {
    const text = event.clipboardData?.getData("text/plain") ?? "";
    if (!looksLikeCall(text) || belongsElsewhere(event.target)) return;
    event.preventDefault();
    event.stopPropagation();
    form.elements.command.value = text;
    openDialog(dialog);
    // Nobody typed here: once it is read, the next step has the focus.
    readIt.focus();
    form.requestSubmit();
  },
  { capture: true },
);

function problem(title, text) {
  const node = document.getElementById("run-problem").content.cloneNode(true);
  node.querySelector("[data-title]").textContent = title;
  node.querySelector("[data-text]").textContent = text;
  answer.replaceChildren(node);
}

answer.addEventListener("htmx:beforeSwap", (event) => {
  const { detail } = event;
  const { status, responseURL } = detail.xhr;
  const away = signedOut(responseURL);
  detail.isError = false;
  detail.shouldSwap = !away && [200, 422].includes(status);
  if (detail.shouldSwap) return;
  event.stopPropagation();
  if (away) problem("You are signed out", "Sign in in another tab, then press Read it again. Your text is still here.");
  else if ([400, 413].includes(status)) problem("Nothing was taken", "This is larger than 1 MB, so it was not read.");
  else problem("Nothing was taken", `The server answered with an error (${status}). Your text is still here.`);
});

form.addEventListener("htmx:sendError", (event) => {
  event.stopPropagation();
  problem("The connection was lost", "Your text is still here. Press Read it again.");
});

answer.addEventListener("htmx:afterSettle", () => {
  readIt.classList.toggle("button-primary", !answer.querySelector("[data-pasted-use]"));
  answer.scrollIntoView({ block: "nearest" });
  // The next step, unless the person has gone on typing.
  if (document.activeElement !== form.elements.command) answer.querySelector("[data-pasted-use] [type=submit]")?.focus();
});

// The editor of this very page takes the text as one undoable step; another model's page is opened with it.
answer.addEventListener("submit", (event) => {
  const used = event.target;
  if (!("pastedUse" in used.dataset)) return;
  const detail = { slug: used.dataset.pastedUse, text: used.elements.body.value, version: used.elements.version.value, taken: false };
  document.dispatchEvent(new CustomEvent("pasted:use", { detail }));
  if (!detail.taken) return;
  event.preventDefault();
  // The command may hold a key: it stays nowhere.
  form.reset();
  answer.replaceChildren();
  readIt.classList.add("button-primary");
  dialog.close();
});
