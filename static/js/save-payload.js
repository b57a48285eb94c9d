// Saving from the playground: the dialog's forms carry the text of the editor as it is when they are sent. What is not
// saved stays open with the reason beside it.

import { csrfToken, signedOut } from "./session.js";

const run = document.getElementById("run-form");
const dialog = document.getElementById("save-payload");

/** The text as the editor has it, which is ahead of the field it writes to. */
function currentText() {
  const ask = new CustomEvent("atelier:ask-text", { detail: { text: run.elements.body.value } });
  run.dispatchEvent(ask);
  return ask.detail.text;
}

document.body.addEventListener("htmx:configRequest", ({ detail }) => {
  if (!detail.elt.matches("form[data-save]")) return;
  const shown = document.querySelector("#result > [data-run]");
  detail.parameters.set("body", currentText());
  detail.parameters.set("version", run.elements.version.value);
  detail.parameters.set("result", shown?.dataset.run ?? "");
  detail.parameters.set("csrfmiddlewaretoken", csrfToken());
});

const REASON = {
  403: "Your role in this team no longer allows it, or this page is too old. Copy the text before you reload.",
  404: "This payload is no longer open to you. Save the text as a new one.",
};

function sorry(target, text) {
  const node = document.getElementById("run-problem").content.cloneNode(true);
  node.querySelector("[data-title]").textContent = "Not saved";
  node.querySelector("[data-text]").textContent = text;
  target.replaceChildren(node);
}

document.body.addEventListener("htmx:beforeSwap", ({ detail }) => {
  const form = detail.requestConfig.elt;
  if (!form.matches("form[data-save]")) return;
  const { status, responseURL } = detail.xhr;
  if (signedOut(responseURL)) {
    detail.shouldSwap = false;
    sorry(detail.target, "You are signed out. Sign in in another tab, then save here. Nothing typed is lost.");
  } else if ([409, 422].includes(status)) {
    detail.shouldSwap = true;
    detail.isError = false;
    // The next press saves on top of what was just shown.
    const newest = detail.xhr.getResponseHeader("X-Newest-Version");
    if (newest) form.elements.base.value = newest;
  } else if (status >= 400) {
    detail.shouldSwap = false;
    sorry(detail.target, REASON[status] ?? `The server answered with an error (${status}). Nothing typed is lost.`);
  }
});

document.body.addEventListener("htmx:sendError", ({ detail }) => {
  const form = detail.elt.closest("form[data-save]");
  if (form) sorry(form.querySelector("[aria-live]"), "The connection was lost. Nothing typed is lost.");
});

dialog.addEventListener("close", () => {
  for (const answer of dialog.querySelectorAll("[aria-live]")) answer.replaceChildren();
});
