// A draft kept on the server while it is typed. A text saved elsewhere meanwhile is announced, never overwritten, and
// what cannot be saved now is saved later: the server may be starting anew, the network away, the session over.

import { csrfToken, signedOut } from "./session.js";

const AFTER = 700;
const AGAIN = 3000;
// A browser sends at most 64 KB for a page that is being left.
const LEAVING_BYTES = 60_000;

const SAID = {
  saved: "Draft saved",
  waiting: "Draft not saved yet: the server does not answer. It is tried again.",
  offline: "Draft not saved yet: no connection. It is saved when there is one.",
  "signed-out": "Draft not saved yet: you are signed out.",
  conflict: "Draft not saved: it was changed in another tab.",
};

export class Draft {
  #timer = 0;
  #saving = false;
  #dirty = false;
  #state = "";

  /** `fields()` gives what is posted beside the revision; `onState(state, answer)` hears every change of state. */
  constructor({ url, revision, text, fields, status, onState = () => {} }) {
    Object.assign(this, { url, revision, text, fields, status, onState });
    this.theirs = null;
    document.addEventListener("visibilitychange", () => (document.hidden ? this.#save() : this.#retry()));
    addEventListener("online", () => this.#retry());
    addEventListener("beforeunload", (event) => this.#mayLeave(event));
  }

  /** Something changed: saved a moment from now. */
  touch() {
    this.#dirty = true;
    if (this.#state === "saved") this.#become("");
    this.#later(AFTER);
  }

  /** The person chose between two texts; what stands in the editor is the draft from now on. */
  resolve({ keep }) {
    this.revision = this.theirs.revision;
    this.theirs = null;
    this.#dirty = false;
    if (keep) this.touch();
    else this.#become("saved");
  }

  #later(wait) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#save(), wait);
  }

  #retry() {
    if (this.#dirty) this.#later(0);
  }

  #mayLeave(event) {
    if (this.#dirty && ["waiting", "offline", "signed-out"].includes(this.#state)) event.preventDefault();
  }

  #become(state, answer) {
    this.#state = state;
    const said = SAID[state] ?? answer ?? "";
    if (this.status.textContent !== said) this.status.textContent = said;
    this.status.classList.toggle("text-pending", !["", "saved"].includes(state));
    this.onState(state);
  }

  async #save() {
    if (this.#saving || this.theirs || !this.#dirty) return;
    this.#saving = true;
    this.#dirty = false;
    try {
      await this.#post();
    } catch {
      this.#dirty = true;
      this.#become(navigator.onLine ? "waiting" : "offline");
    }
    this.#saving = false;
    if (!this.#dirty || this.theirs) return;
    this.#later(["waiting", "offline", "signed-out"].includes(this.#state) ? AGAIN : AFTER);
  }

  async #post() {
    const text = this.text();
    const data = new FormData();
    const values = { csrfmiddlewaretoken: csrfToken(), body: text, base: this.revision, ...this.fields() };
    for (const [name, value] of Object.entries(values)) data.set(name, value);
    const keepalive = document.hidden && new Blob([text]).size < LEAVING_BYTES;
    const answer = await fetch(this.url, { method: "POST", body: data, keepalive });
    if (signedOut(answer.url)) {
      this.#dirty = true;
      this.#become("signed-out");
    } else if (answer.ok) {
      this.revision = (await answer.json()).revision;
      this.#become(this.#dirty ? "" : "saved");
    } else if (answer.status === 409) {
      this.theirs = await answer.json();
      this.#become("conflict");
    } else if (answer.status >= 500) {
      throw new Error(String(answer.status));
    } else {
      const told = answer.headers.get("Content-Type")?.includes("json") ? (await answer.json()).error : "";
      this.#become("refused", told || "Draft not saved: the server does not take it. Copy the text before you leave.");
    }
  }
}
