// The Code view (templates/catalogue/_code.html), however it came into the page: its language tabs, and the switch
// between v1 and v2, which asks the server again with the same payload.

const KEPT = "atelier_code_language";

function languageKept() {
  try {
    return localStorage.getItem(KEPT);
  } catch {
    return null; // a browser that keeps nothing
  }
}

function keepLanguage(language) {
  try {
    localStorage.setItem(KEPT, language);
  } catch {
    // Then the first language is shown next time.
  }
}

function show(view, language) {
  const wanted = view.querySelector(`[data-code-tab="${CSS.escape(language)}"]`);
  if (!wanted) return;
  for (const tab of view.querySelectorAll("[data-code-tab]")) {
    tab.setAttribute("aria-selected", String(tab === wanted));
    tab.tabIndex = tab === wanted ? 0 : -1;
  }
  for (const panel of view.querySelectorAll("[data-code-panel]")) panel.hidden = panel.dataset.codePanel !== language;
}

function ask(view, version) {
  const panel = view.closest("[data-code-url]");
  const body = view.closest("form")?.elements.body?.value ?? "";
  const csrf = document.querySelector("[name=csrfmiddlewaretoken]")?.value;
  if (!panel) return;
  panel.dataset.chosenVersion = version;
  globalThis.htmx?.ajax("POST", panel.dataset.codeUrl, {
    target: panel,
    swap: "innerHTML",
    values: { body, version },
    headers: csrf ? { "X-CSRFToken": csrf } : {},
  });
}

document.addEventListener("click", (event) => {
  const tab = event.target.closest("[data-code-tab]");
  const version = event.target.closest("[data-code-version]");
  const view = event.target.closest("[data-code-view]");
  if (tab && view) {
    show(view, tab.dataset.codeTab);
    keepLanguage(tab.dataset.codeTab);
  } else if (version && view) {
    ask(view, version.dataset.codeVersion);
  }
});

document.addEventListener("keydown", (event) => {
  const tab = event.target.closest?.("[data-code-tab]");
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!tab || !step) return;
  event.preventDefault();
  const tabs = [...tab.parentElement.querySelectorAll("[data-code-tab]")];
  const next = tabs[(tabs.indexOf(tab) + step + tabs.length) % tabs.length];
  next.focus();
  next.click();
});

// The editor asks anew when the payload changes and knows nothing of versions: keep the one chosen here, else the
// one the form would run with.
document.addEventListener("htmx:configRequest", (event) => {
  const { target, parameters } = event.detail;
  if (!target?.dataset.codeUrl || parameters.version) return;
  const version = target.dataset.chosenVersion ?? target.closest("form")?.elements.version?.value;
  if (version) parameters.version = version;
});

document.addEventListener("htmx:load", (event) => {
  const view = event.target.matches?.("[data-code-view]") ? event.target : event.target.querySelector?.("[data-code-view]");
  const language = languageKept();
  if (view && language) show(view, language);
});
