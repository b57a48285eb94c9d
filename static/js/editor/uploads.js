/** What is known about the files of a body, and the two calls that make and change their markers. */

export const HOWS = {
  base64: "plain base64",
  "data-uri": "data URI",
  upload: "upload to Segmind",
};

const MARKER = /^atelier-file:([0-9a-f-]{36}):(base64|data-uri|upload):[A-Za-z0-9_=-]+$/;
/** base64 text from this length on is shown as a chip. */
const BLOB_LENGTH = 2048;
const DATA_URI = /^data:([\w.+-]+\/[\w.+-]+)?(?:;[\w=.+-]+)*;base64,/;
/** The longest start of a data URI that is looked for. */
const DATA_URI_LENGTH = 400;
const MAGIC = [
  ["iVBORw0KGgo", "image/png"],
  ["/9j/", "image/jpeg"],
  ["R0lGOD", "image/gif"],
  ["UklGR", "image/webp"],
  ["SUQz", "audio/mpeg"],
  ["T2dnUw", "audio/ogg"],
  ["JVBERi0", "application/pdf"],
];

/** {id, how} of a text that looks like a file marker; only the server knows whether it is a real one. */
export function parseMarker(text) {
  const match = MARKER.exec(text);
  return match && { id: match[1], how: match[2] };
}

/** Letters, digits and + / _ -: counted by hand, for on megabytes a browser's regular expressions overflow their stack. */
const isBase64 = (code) => (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || (code >= 47 && code <= 57) || code === 43 || code === 95 || code === 45;

/** {mediaType, bytes, how} of a long base64 text, else null. */
export function parseBlob(text) {
  if (text.length < BLOB_LENGTH) return null;
  const uri = DATA_URI.exec(text.slice(0, DATA_URI_LENGTH));
  const comma = uri?.[0].length ?? 0;
  let end = comma;
  while (isBase64(text.charCodeAt(end))) end++;
  if (end === comma || !["", "=", "=="].includes(text.slice(end, end + 3))) return null;
  const head = text.slice(comma, comma + 40);
  const mp4 = /^AAAA.{2}(Z0eX|mZ0e|GZ0eX)/.test(head) || head.slice(4, 12).includes("ZnR5c");
  const mediaType = uri?.[1] ?? MAGIC.find(([start]) => head.startsWith(start))?.[1] ?? (mp4 ? "video/mp4" : "");
  return { mediaType, bytes: Math.floor(((text.length - comma) * 3) / 4), how: comma ? "data-uri" : "base64" };
}

const megabytes = (bytes) => `${Math.round(bytes / 1024 / 1024)} MB`;

const SENTENCES = {
  400: "The server did not take this file.",
  403: "This page is out of date or you may not add files here. Reload and try again.",
  413: "This file is too large.",
  415: "This kind of file cannot be used here.",
  429: "Too many uploads at once. Wait a moment and try again.",
};

export class UploadError extends Error {
  constructor(message, { retry = false } = {}) {
    super(message);
    this.retry = retry;
  }
}

function failure(status, body) {
  if (!status) return new UploadError("The connection was lost. Nothing was added.", { retry: true });
  const told = typeof body?.error === "string" ? body.error : (body?.error?.message ?? "");
  const retry = status === 429 || status >= 500;
  return new UploadError(told || SENTENCES[status] || `The server answered ${status}. Nothing was added.`, { retry });
}

export class FileStore extends EventTarget {
  #known;

  constructor({ files = {}, uploadUrl = "", csrfToken = "", maxUpload = 0 } = {}) {
    super();
    this.#known = new Map(Object.entries(files));
    this.uploadUrl = uploadUrl;
    this.csrfToken = csrfToken;
    this.maxUpload = maxUpload;
  }

  get(marker) {
    return this.#known.get(marker);
  }

  add(info) {
    this.#known.set(info.marker, info);
    this.dispatchEvent(new Event("change"));
  }

  addAll(files) {
    for (const [marker, info] of Object.entries(files)) this.#known.set(marker, info);
    this.dispatchEvent(new Event("change"));
  }

  /** Sends one file; resolves to its info. Rejects with UploadError; `signal` aborts. */
  async upload(file, how, { onProgress = () => {}, signal } = {}) {
    if (this.maxUpload && file.size > this.maxUpload) {
      throw new UploadError(`This file is ${megabytes(file.size)}; the limit is ${megabytes(this.maxUpload)}.`);
    }
    const form = new FormData();
    form.set("file", file, file.name || "pasted");
    form.set("how", how);
    return this.#send(this.uploadUrl, form, { onProgress, signal });
  }

  /** Asks for another marker of the same file; resolves to the new info. */
  changeHow(marker, how) {
    const url = this.get(marker)?.how_url;
    if (!url) return Promise.reject(new UploadError("This file is not known here, so how it is sent cannot be changed."));
    return this.#send(url, new URLSearchParams({ how }));
  }

  // XMLHttpRequest, because fetch cannot tell how much of a body has left.
  #send(url, body, { onProgress = () => {}, signal } = {}) {
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      request.open("POST", url);
      request.setRequestHeader("Accept", "application/json");
      request.setRequestHeader("X-CSRFToken", this.csrfToken);
      request.upload.onprogress = (event) => event.lengthComputable && onProgress(event.loaded / event.total);
      request.onerror = () => reject(failure(0));
      request.onabort = () => reject(new DOMException("Cancelled", "AbortError"));
      request.onload = () => {
        let answer = null;
        try {
          answer = JSON.parse(request.responseText);
        } catch {
          // An HTML error page: the status says enough.
        }
        if (request.status >= 200 && request.status < 300 && answer?.marker) {
          this.add(answer);
          resolve(answer);
        } else reject(failure(request.status, answer));
      };
      signal?.addEventListener("abort", () => request.abort());
      request.send(body);
    });
  }
}
