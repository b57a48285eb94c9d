/** `mountEditor`: the payload editor around one textarea. docs/editor.md is its contract. */
import { PayloadDocument } from "./document.js";
import { FormView } from "./form-view.js";
import { RepairBanner } from "./repair.js";
import { FileStore } from "./uploads.js";
import { h, memory, readJson, uniqueId } from "./dom.js";

const MAX_BYTES = 2 * 1024 * 1024;
/** Above these many characters the textarea and the page are told a little later than every key. */
const LATE_TEXTAREA = 200_000;
/** Above these the textarea, slow to fill even when hidden, is written only when something reads it. */
const LAST_MOMENT_TEXTAREA = 1_000_000;
const LATE_EVENTS = 50_000;
const LATE_MS = 150;
const NAMES = { form: "Form", json: "JSON", code: "Code" };

export { presetHow } from "./schema.js";

/** Turns `root` (a section with a textarea in it) into the editor and returns its handle. */
export function mountEditor(root, options = {}) {
  return new Editor(root, options).handle();
}

class Editor {
  constructor(root, options) {
    this.root = root;
    this.textarea = root.querySelector("textarea[name]");
    this.form = root.closest("form");
    this.onChange = options.onChange ?? (() => {});
    this.nonce = options.nonce ?? document.querySelector('meta[name="csp-nonce"]')?.content ?? "";
    this.storageKey = root.dataset.storageKey ?? "payload";
    this.files = new FileStore({
      files: options.files ?? readJson("editor-files", {}),
      uploadUrl: options.uploadUrl ?? root.dataset.uploadUrl ?? "",
      csrfToken: options.csrfToken ?? csrfToken(this.form),
      maxUpload: Number(root.dataset.maxUpload ?? 0),
    });
    this.document = new PayloadDocument(options.text ?? this.textarea.value, {
      schema: options.schema === undefined ? readJson("editor-schema", null) : options.schema,
      maxBytes: options.maxBytes ?? Number(root.dataset.maxBytes ?? MAX_BYTES),
      variables: options.variables,
    });
    this.codePanel = root.querySelector("[data-code-url]");
    this.aborter = new AbortController();
    this.#build();
    this.#listen();
    this.formView.refresh();
    this.repair.update("mount");
    this.#announce("mount");
    this.show(this.#firstView());
  }

  handle() {
    const editor = this;
    return {
      root: this.root,
      document: this.document,
      get text() {
        return editor.document.text;
      },
      get valid() {
        return editor.document.valid;
      },
      diagnostics: () => this.document.diagnostics(),
      setText: (text, { origin = "page" } = {}) => this.document.replaceAll(text, { origin }),
      show: (view) => this.show(view),
      focus: (path) => this.focus(path),
      setLastSeed: (text) => this.formView.setLastSeed(text),
      addFiles: (files) => this.files.addAll(files),
      flush: () => this.#writeTextarea(),
      destroy: () => this.destroy(),
    };
  }

  #build() {
    this.formView = new FormView({
      document: this.document,
      files: this.files,
      root: this.root,
      storageKey: this.storageKey,
      onEditJson: (offset) => this.show("json", { offset }),
    });
    this.repair = new RepairBanner(this.document);
    this.counter = h("span", { class: "editor-counter" });
    this.panels = { form: this.formView.element, json: h("div", { class: "editor-json-panel" }) };
    if (this.codePanel) this.panels.code = this.codePanel;
    this.tabs = {};
    for (const [view, panel] of Object.entries(this.panels)) {
      panel.id ||= uniqueId(`panel-${view}`);
      const id = uniqueId(`tab-${view}`);
      const attributes = { id, role: "tab", "aria-controls": panel.id, onClick: () => this.show(view), onKeydown: (event) => this.#moveTab(event, view) };
      this.tabs[view] = h("button", attributes, NAMES[view]);
      panel.setAttribute("role", "tabpanel");
      panel.setAttribute("aria-labelledby", id);
      panel.hidden = true;
    }
    const tablist = h("div", { class: "segmented", role: "tablist", "aria-label": "Views of the payload" }, Object.values(this.tabs));
    this.header = h("header", { class: "card-header editor-header" }, tablist, this.counter);
    this.body = h("div", { class: "editor-body" }, this.repair.element, this.panels.form, this.panels.json);
    this.textarea.hidden = true;
    // From now on it is shown and hidden by `hidden` alone, not by the wait for a late script.
    this.textarea.style.animation = "none";
    this.root.classList.add("editor");
    this.root.prepend(this.header, this.body);
    if (this.codePanel) this.body.append(this.codePanel);
  }

  #listen() {
    const { signal } = this.aborter;
    this.document.addEventListener("change", (event) => this.#changed(event.detail), { signal });
    const outer = this.form ?? this.root;
    outer.addEventListener("keydown", (event) => this.#runKey(event), { signal });
    this.root.addEventListener("keydown", (event) => this.#undoKey(event), { signal, capture: true });
    // The submitted body is the text of this moment, however late the textarea follows.
    this.form?.addEventListener("submit", () => this.#submitting(), { signal, capture: true });
    this.form?.addEventListener("formdata", (event) => event.formData.set(this.textarea.name, this.document.text), { signal });
    addEventListener("pagehide", () => this.#writeTextarea(), { signal });
  }

  #changed({ origin, edit }) {
    const { length } = this.document.text;
    if (edit) {
      clearTimeout(this.textareaTimer);
      if (length <= LATE_TEXTAREA) this.#writeTextarea();
      else if (length <= LAST_MOMENT_TEXTAREA) this.textareaTimer = setTimeout(() => this.#writeTextarea(), 2 * LATE_MS);
    }
    clearTimeout(this.eventTimer);
    if (length <= LATE_EVENTS) this.#told(origin);
    else this.eventTimer = setTimeout(() => this.#told(origin), LATE_MS);
  }

  #told(origin) {
    if (this.view === "form") this.formView.refresh();
    this.repair.update(origin);
    this.#announce(origin);
  }

  #announce(origin) {
    const { text, version, valid } = this.document;
    const diagnostics = this.document.diagnostics();
    this.counter.textContent = this.#countText();
    const errors = diagnostics.filter((entry) => entry.severity === "error").length;
    this.tabs.json.toggleAttribute("data-broken", errors > 0);
    const detail = { text, valid, diagnostics, origin, version };
    this.onChange(detail);
    this.root.dispatchEvent(new CustomEvent("editor:change", { bubbles: true, detail }));
    if (this.view === "code") this.#loadCode();
  }

  #countText() {
    const { known, present, unknown } = this.formView.counts();
    const plural = (count, word) => `${count} ${word}${count === 1 ? "" : "s"}`;
    if (!known) return this.document.editable ? plural(present, "field") : "";
    const kept = unknown ? ` · ${plural(unknown, "unknown field")} kept` : "";
    return plural(known, "parameter") + kept;
  }

  #writeTextarea() {
    clearTimeout(this.textareaTimer);
    this.textarea.value = this.document.text;
  }

  #submitting() {
    this.#writeTextarea();
    this.formView.nameMissing();
  }

  #firstView() {
    const view = memory.get("view");
    return view in this.panels ? view : "form";
  }

  async show(view, { offset = null, focus = offset !== null } = {}) {
    this.view = view;
    for (const [name, panel] of Object.entries(this.panels)) {
      const selected = name === view;
      panel.hidden = !selected;
      this.tabs[name].setAttribute("aria-selected", String(selected));
      this.tabs[name].tabIndex = selected ? 0 : -1;
    }
    memory.set("view", view);
    this.root.dispatchEvent(new CustomEvent("editor:view", { bubbles: true, detail: { view } }));
    if (view === "form") this.formView.refresh();
    if (view === "code") this.#loadCode();
    if (view !== "json") return;
    await this.#loadJson();
    if (focus && this.view === "json") this.jsonView?.focus(offset);
  }

  async focus(path) {
    await this.show("form");
    if (this.document.editable && this.formView.focus(path)) return;
    await this.show("json", { offset: this.document.node(path)?.offset ?? 0 });
  }

  /** CodeMirror comes with the first look at the JSON; if it cannot come, the plain textarea does the same work. */
  #loadJson() {
    this.loading ??= this.#importJson();
    return this.loading;
  }

  async #importJson() {
    this.panels.json.setAttribute("aria-busy", "true");
    try {
      const { JsonView } = await import("./json-view.js");
      if (this.aborter.signal.aborted) return;
      this.jsonView = new JsonView({ document: this.document, files: this.files, nonce: this.nonce, label: "Payload, JSON" });
      const hint = h("p", { class: "editor-json-hint" }, h("kbd", {}, "Ctrl"), " ", h("kbd", {}, "Space"), " completes · ", h("kbd", {}, "Ctrl"), " ", h("kbd", {}, "F"), " finds · ", h("kbd", {}, "Tab"), " leaves");
      this.panels.json.replaceChildren(this.jsonView.element, hint);
    } catch {
      this.loading = null;
      this.#plainJson();
    }
    this.panels.json.removeAttribute("aria-busy");
  }

  #plainJson() {
    const input = h("textarea", { class: "input-mono editor-plain", spellcheck: "false", "aria-label": "Payload, JSON" });
    input.value = this.document.text;
    input.addEventListener("input", () => this.document.replaceAll(input.value, { origin: "json" }));
    this.panels.json.replaceChildren(h("p", { class: "editor-hint" }, "The JSON helper could not be loaded; this is the plain text."), input);
  }

  #loadCode() {
    const values = { body: this.document.text };
    const url = this.codePanel.dataset.codeUrl;
    const headers = { "X-CSRFToken": this.files.csrfToken };
    clearTimeout(this.codeTimer);
    this.codeTimer = setTimeout(() => {
      globalThis.htmx?.ajax("POST", url, { target: this.codePanel, swap: "innerHTML", values, headers });
    }, LATE_MS);
  }

  #moveTab(event, view) {
    const names = Object.keys(this.tabs);
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const to = by ? names[(names.indexOf(view) + by + names.length) % names.length] : { Home: names[0], End: names.at(-1) }[event.key];
    if (!to) return;
    event.preventDefault();
    this.show(to, { focus: false });
    this.tabs[to].focus();
  }

  #runKey(event) {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.isComposing) return;
    event.preventDefault();
    if (event.repeat) return;
    this.#writeTextarea();
    this.form?.requestSubmit();
  }

  /** One history over both views: the browser's own, per control, would know nothing of the text. */
  #undoKey(event) {
    if (!(event.ctrlKey || event.metaKey) || event.altKey) return;
    const key = event.key.toLowerCase();
    const undo = key === "z" && !event.shiftKey;
    const redo = key === "y" || (key === "z" && event.shiftKey);
    const ownField = event.target.closest?.(".editor-adder, .cm-panels");
    if ((!undo && !redo) || ownField || event.target === this.textarea) return;
    event.preventDefault();
    event.stopPropagation();
    if (undo) this.document.undo();
    else this.document.redo();
  }

  destroy() {
    this.aborter.abort();
    for (const timer of [this.textareaTimer, this.eventTimer, this.codeTimer, this.repair.timer]) clearTimeout(timer);
    this.#writeTextarea();
    this.jsonView?.destroy();
    if (this.codePanel) this.root.append(this.codePanel);
    this.header.remove();
    this.body.remove();
    this.textarea.hidden = false;
  }
}

function csrfToken(form) {
  const own = form?.querySelector("[name=csrfmiddlewaretoken]")?.value;
  return own ?? /(?:^|; )\w*csrf\w*=([^;]+)/.exec(document.cookie)?.[1] ?? "";
}
