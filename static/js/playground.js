// The playground page: keeps the draft on the server, sends the run, and follows its end.
import { raw } from "./editor/document.js";
import { mountEditor } from "./editor/editor.js";
import { flash } from "./flash.js";

const form = document.getElementById("run-form");
const facts = JSON.parse(document.getElementById("desk-facts").textContent);
const conflict = document.getElementById("draft-conflict");
const SAVE_AFTER = 700;

let revision = facts.revision;
let theirs = null;
let timer = 0;
let saving = false;
let dirty = false;

const opened = facts.opened ? form.elements.body.value : null;
const editor = mountEditor(document.getElementById("editor"), {
  text: facts.draft,
  onChange: (detail) => {
    if (!["mount", "opened", "theirs"].includes(detail.origin)) later();
  },
});
// The opened run is one undoable step over the draft.
if (opened !== null && opened !== facts.draft) editor.setText(opened, { origin: "opened" });
if (facts.seed) editor.setLastSeed(facts.seed);

function version() {
  return form.elements.version.value;
}

function later() {
  dirty = true;
  clearTimeout(timer);
  timer = setTimeout(save, SAVE_AFTER);
}

function fields() {
  const data = new FormData();
  data.set("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
  data.set("body", editor.text);
  data.set("version", version());
  data.set("base", String(revision));
  return data;
}

async function save() {
  if (saving || theirs || !dirty) return;
  saving = true;
  dirty = false;
  try {
    const answer = await fetch(form.dataset.draftUrl, { method: "POST", body: fields(), keepalive: editor.text.length < 50000 });
    if (answer.ok) revision = (await answer.json()).revision;
    else if (answer.status === 409) announce(await answer.json());
    else if (answer.status === 413) flash((await answer.json()).error, "warning");
    else dirty = true;
  } catch {
    // Offline or restarting: the text is still here, and the next change or focus tries again.
    dirty = true;
  } finally {
    saving = false;
    if (dirty && !theirs) timer = setTimeout(save, 4 * SAVE_AFTER);
  }
}

function announce(found) {
  theirs = found;
  conflict.hidden = false;
}

conflict.addEventListener("click", (event) => {
  const choice = event.target.closest("[data-draft]")?.dataset.draft;
  if (!choice) return;
  revision = theirs.revision;
  if (choice === "theirs") editor.setText(theirs.text, { origin: "theirs" });
  theirs = null;
  conflict.hidden = true;
  if (choice === "mine") later();
});

document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "hidden") save();
});

// -- version

const route = document.querySelector("[data-route]");
const warning = document.getElementById("v1-warning");
for (const radio of form.elements.version) {
  radio.addEventListener("change", () => {
    route.textContent = `/v${version()}/${form.dataset.slug}`;
    if (warning) warning.hidden = version() !== "1";
    later();
  });
}

// -- run

form.addEventListener("htmx:configRequest", (event) => {
  if (event.detail.elt !== form) return;
  editor.flush();
  event.detail.parameters.set("body", editor.text);
});

form.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.xhr.status !== 422) return;
  // Nothing was sent: the message belongs beside the button, and the result before stays in view.
  event.detail.shouldSwap = true;
  event.detail.isError = false;
  event.detail.target = document.getElementById("run-problems");
});

form.addEventListener("htmx:sendError", () => {
  flash("The connection was lost. If the run was made, it is in the history; pressing Run again makes no second one.", "warning");
});

function showResult() {
  const result = document.getElementById("result");
  if (result.getBoundingClientRect().top > window.innerHeight * 0.8) result.scrollIntoView({ behavior: "smooth", block: "start" });
}

document.body.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target.id === "result" && event.detail.xhr.status === 200) showResult();
});

// -- what the result offers

const OPEN = ["queued", "sending", "accepted"];
const actions = document.getElementById("result-actions");
const pin = actions.querySelector("[data-pin-seed]");
const shown = () => document.querySelector("#result > [data-run]");
let wasOpen = OPEN.includes(shown()?.dataset.state);

function offer() {
  const run = shown();
  if (!run) return;
  actions.hidden = false;
  actions.querySelector("[data-run-page]").href = run.dataset.liveUrl.replace(/result\/(\?.*)?$/, "");
  pin.hidden = !run.dataset.seed;
  if (run.dataset.seed) editor.setLastSeed(run.dataset.seed);
}

pin.addEventListener("click", () => {
  const { seed } = shown().dataset;
  editor.document.set(["seed"], raw(seed));
  flash(`Seed ${seed} is in the payload`, "success");
});

// A run that begins or ends changes the strip below and the price beside Run.
function followResult() {
  offer();
  const isOpen = OPEN.includes(shown()?.dataset.state);
  if (isOpen !== wasOpen) window.htmx.ajax("GET", form.dataset.recentUrl, { target: "#recent-runs", swap: "outerHTML" });
  wasOpen = isOpen;
}

document.addEventListener("atelier:swapped", followResult);
document.body.addEventListener("htmx:afterSettle", (event) => event.detail.target.id === "result" && followResult());
offer();
