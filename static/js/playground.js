// The playground page: keeps the draft on the server, sends the run, and follows its end.
import { Draft } from "./draft.js";
import { raw } from "./editor/document.js";
import { mountEditor } from "./editor/editor.js";
import { flash } from "./flash.js";
import { csrfToken, signedOut } from "./session.js";

const form = document.getElementById("run-form");
const facts = JSON.parse(document.getElementById("desk-facts").textContent);
const version = () => form.elements.version.value;

// -- the text and its draft

// Origins of a change that nobody typed.
const UNTYPED = ["mount", "opened", "theirs"];
const opened = facts.opened ? form.elements.body.value : null;
// An answer may bring another one in its place.
const problems = () => document.getElementById("run-problems");
let draft = null;
const editor = mountEditor(document.getElementById("editor"), {
  text: facts.draft,
  variables: [...form.querySelectorAll("#payload-fields [name^=variable-]")].map((field) => field.name.replace("variable-", "")),
  onChange: ({ origin }) => {
    if (UNTYPED.includes(origin)) return;
    draft.touch();
    // What was wrong with the text that was sent need not be wrong with this one.
    if (problems().querySelector("[data-problem-field=body]")) problems().replaceChildren();
  },
});
draft = new Draft({
  url: form.dataset.draftUrl,
  revision: facts.revision,
  text: () => editor.text,
  fields: () => ({ version: version(), payload: form.elements.payload?.value ?? "" }),
  status: document.getElementById("draft-state"),
  onState: draftBecame,
});
// The opened run is one undoable step over the draft.
if (opened !== null && opened !== facts.draft) editor.setText(opened, { origin: "opened" });
if (facts.seed) editor.setLastSeed(facts.seed);

const conflict = document.getElementById("draft-conflict");
const signedOutNotice = document.getElementById("signed-out");

function draftBecame(state) {
  conflict.hidden = state !== "conflict";
  signedOutNotice.hidden = state !== "signed-out";
  if (state === "saved") openedIsMine();
}

conflict.addEventListener("click", (event) => {
  const choice = event.target.closest("[data-draft]")?.dataset.draft;
  if (!choice) return;
  if (choice === "theirs") editor.setText(draft.theirs.text, { origin: "theirs" });
  draft.resolve({ keep: choice === "mine" });
});

/** The opened run's text has become the draft: a reload shows that, and the newest result. */
function openedIsMine() {
  document.getElementById("opened-notice")?.remove();
  document.getElementById("payload-draft-note")?.remove();
  const { pageUrl } = form.dataset;
  if (location.pathname + location.search !== pageUrl) history.replaceState(null, "", pageUrl);
}

// -- the saved payload it began from

const variables = () => [...form.querySelectorAll("#payload-fields [name]")].map((field) => field.value);
const aside = document.querySelector("[data-payload-aside]");
if (aside) {
  aside.hidden = false;
  aside.addEventListener("click", () => {
    for (const part of document.querySelectorAll("#payload-notice, #payload-fields, [data-of-payload]")) part.remove();
    draft.touch();
  });
}

// Others that send the text ask for it here: the field lags behind the editor.
form.addEventListener("atelier:ask-text", (event) => {
  editor.flush();
  event.detail.text = editor.text;
});

// -- version

const route = document.querySelector("[data-route]");
const warning = document.getElementById("v1-warning");
for (const radio of form.elements.version) {
  radio.addEventListener("change", () => {
    route.textContent = `/v${version()}/${form.dataset.slug}`;
    if (warning) warning.hidden = version() !== "1";
    draft.touch();
  });
}

// -- a text taken from a pasted command

document.addEventListener("pasted:use", ({ detail }) => {
  if (detail.slug !== form.dataset.slug) return;
  detail.taken = true;
  editor.setText(detail.text, { origin: "pasted" });
  const radio = [...form.elements.version].find((one) => one.value === detail.version);
  if (radio && !radio.checked) radio.click();
  flash("What you pasted is in the editor. Undo brings back what was there.", "success");
});

// -- run

// The second half of a double click, which may come after the first one was answered. Another text, and another
// button, is another wish.
const DOUBLE_MS = 600;
const AGAIN_IS_SAFE = "Nothing typed is lost. If the run was made, it is in the history, and pressing Run again makes no second one.";
let pressed = { at: -Infinity };

document.addEventListener(
  "submit",
  (event) => {
    if (event.target !== form) return;
    if (event.submitter?.hasAttribute("data-leave")) {
      // Another page goes on with this text: an ordinary post, of what the editor holds now.
      editor.flush();
      form.elements.body.value = editor.text;
      event.stopPropagation();
      return;
    }
    const text = [version(), editor.text, ...variables()].join("\n");
    const now = { at: performance.now(), text, button: event.submitter };
    if (now.at - pressed.at < DOUBLE_MS && now.text === pressed.text && now.button === pressed.button) {
      event.preventDefault();
      event.stopPropagation();
    } else pressed = now;
  },
  { capture: true },
);

form.addEventListener("htmx:configRequest", (event) => {
  if (event.detail.elt !== form) return;
  editor.flush();
  event.detail.parameters.set("body", editor.text);
  event.detail.parameters.set("csrfmiddlewaretoken", csrfToken());
  // "Your own draft is replaced when you run this."
  if (opened !== null) draft.touch();
});

function problem(title, text) {
  const node = document.getElementById("run-problem").content.cloneNode(true);
  node.querySelector("[data-title]").textContent = title;
  node.querySelector("[data-text]").textContent = text;
  problems().replaceChildren(node);
}

const NOT_TAKEN = {
  400: ["Not sent, nothing was charged", "The text is larger than this server takes. Attach large data as a file instead."],
  403: ["Not sent, nothing was charged", "Your role in this team no longer allows runs, or this page is too old. The text stays here; copy it before you reload."],
  404: ["Not sent, nothing was charged", "This model is no longer open to you, or the team is not. The text stays here."],
  413: ["Not sent, nothing was charged", "The text is larger than this server takes. Attach large data as a file instead."],
};

// Heard on the body: it happens to what is swapped, which stands outside the form.
document.body.addEventListener("htmx:beforeSwap", ({ detail }) => {
  if (detail.requestConfig.elt === form) takeAnswer(detail);
  else if (signedOut(detail.xhr.responseURL)) {
    // Other parts of the page ask too; none of them shows the sign-in page in its place.
    detail.shouldSwap = false;
    signedOutNotice.hidden = false;
  }
});

/** A variable's field that the problem is about: marked until it is changed, and where one goes on typing. */
function toWhatIsWanting() {
  const name = problems().querySelector("[data-problem-field^=variable-]")?.dataset.problemField;
  const field = name && form.elements[name];
  if (!field) return;
  field.setAttribute("aria-invalid", "true");
  field.setAttribute("aria-errormessage", "run-problems");
  field.addEventListener("input", () => ["aria-invalid", "aria-errormessage"].forEach((one) => field.removeAttribute(one)), { once: true });
  field.focus();
}

function takeAnswer(detail) {
  const { status, responseURL } = detail.xhr;
  const away = signedOut(responseURL);
  if (status === 200 && !away) return;
  // Nothing was made: the message belongs beside the button, and the result before stays in view.
  detail.isError = false;
  detail.shouldSwap = status === 422;
  detail.target = problems();
  if (away) {
    signedOutNotice.hidden = false;
    problem("Not sent: you are signed out", "Sign in in another tab, then press Run here. Nothing typed is lost.");
  } else if (status !== 422) problem(...(NOT_TAKEN[status] ?? [`The server answered with an error (${status})`, AGAIN_IS_SAFE]));
}

form.addEventListener("htmx:sendError", (event) => {
  event.stopPropagation();
  problem("The connection was lost", AGAIN_IS_SAFE);
});

const calm = matchMedia("(prefers-reduced-motion: reduce)");

function showResult() {
  const result = document.getElementById("result");
  const isBelow = result.getBoundingClientRect().top > window.innerHeight * 0.6;
  if (isBelow) result.scrollIntoView({ behavior: calm.matches ? "auto" : "smooth", block: "start" });
}

document.body.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target.id === "result" && event.detail.xhr.status === 200) showResult();
  else if (event.detail.target.id === "run-problems") toWhatIsWanting();
});

// -- what the result offers

const OPEN = ["queued", "sending", "accepted"];
const actions = document.getElementById("result-actions");
const pin = actions.querySelector("[data-pin-seed]");
const shown = () => document.querySelector("#result > [data-run]");
const stage = () => `${OPEN.includes(shown()?.dataset.state)} ${shown()?.dataset.live}`;
let before = stage();

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
  if (!editor.document.editable) {
    flash(`Seed ${seed} cannot be put into this text before its JSON is mended`, "warning");
    return;
  }
  editor.document.set(["seed"], raw(seed));
  flash(`Seed ${seed} is in the payload`, "success");
});

function renewRecent() {
  window.htmx.ajax("GET", form.dataset.recentUrl, { target: "#recent-runs", swap: "outerHTML" });
}

// A run that begins, ends or gets its files changes the strip below and the price beside Run.
function followResult() {
  offer();
  const now = stage();
  if (now !== before) renewRecent();
  before = now;
}

// Thumbnails are made after the run is done.
const THUMBNAIL_MS = [1000, 2000, 4000, 8000];
let looked = 0;

document.body.addEventListener("htmx:afterSettle", ({ detail }) => {
  if (detail.target.id !== "recent-runs") return;
  const isDue = document.querySelector("#recent-runs [data-thumbnail-due]");
  if (!isDue) looked = 0;
  else if (looked < THUMBNAIL_MS.length) setTimeout(renewRecent, THUMBNAIL_MS[looked++]);
});

document.addEventListener("atelier:swapped", followResult);
document.body.addEventListener("htmx:afterSettle", (event) => event.detail.target.id === "result" && followResult());
offer();
