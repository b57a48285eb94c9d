/** Fields for files: an address, or a file that was dropped, pasted or chosen and is sent by a marker. */
import { h, icon, iconButton, setValue } from "./dom.js";
import { formatBytes } from "./diagnostics.js";
import { Field } from "./field-parts.js";
import { countNote, rowsOf } from "./list-fields.js";
import { mediaOf, presetHow } from "./schema.js";
import { HOWS, parseBlob, parseMarker } from "./uploads.js";

const PUBLIC = "The address is public and cannot be deleted.";
const WORDS = { image: "an image", audio: "a sound", video: "a video", file: "a file" };

/** Asks before anything gets a public address. Resolves to "upload", another how, or null. */
export function confirmUpload(root, count) {
  const what = count > 1 ? `these ${count} files` : "this file";
  const title = h("h2", {}, `Upload ${what} to Segmind?`);
  const answer = (value, label, style) => h("button", { class: `button ${style}`, onClick: () => dialog.close(value) }, label);
  const dialog = h(
    "dialog",
    { class: "dialog editor-dialog", "aria-label": title.textContent },
    h("div", { class: "dialog-header" }, title),
    h("div", { class: "dialog-body stack-s" }, h("p", {}, h("strong", {}, PUBLIC)), h("p", {}, "Anyone who has the address can open the file. A data URI stays inside the request instead; some models only take addresses.")),
    h("div", { class: "dialog-footer" }, answer("", "Cancel", "button-quiet"), answer("data-uri", "Send as data URI", ""), answer("upload", "Upload, public", "button-primary")),
  );
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue || null);
    });
    root.append(dialog);
    dialog.showModal();
  });
}

/** Sends files one after the other and shows each until it is done; `place(info)` writes the marker. */
function uploader(field, place) {
  const element = h("ul", { class: "editor-uploads", "aria-live": "polite" });
  let chain = Promise.resolve();
  const { files, root } = field.context;

  const start = (file, how) => {
    const progress = h("progress", { class: "meter", max: 1, value: 0, "aria-label": `Uploading ${file.name}` });
    const state = h("span", { class: "editor-upload-state" }, formatBytes(file.size));
    const tools = h("span", { class: "editor-upload-tools" });
    const row = h("li", { class: "editor-upload" }, h("span", { class: "file-chip-name" }, file.name || "pasted file"), state, progress, tools);
    element.append(row);
    const send = async () => {
      const abort = new AbortController();
      progress.hidden = false;
      row.removeAttribute("data-failed");
      state.className = "editor-upload-state";
      state.textContent = formatBytes(file.size);
      tools.replaceChildren(iconButton("close", `Cancel ${file.name}`, () => abort.abort()));
      try {
        const info = await files.upload(file, how, { signal: abort.signal, onProgress: (part) => (progress.value = part) });
        row.remove();
        place(info);
      } catch (error) {
        if (error.name === "AbortError") return row.remove();
        failed(error);
      }
    };
    const failed = (error) => {
      progress.hidden = true;
      row.setAttribute("data-failed", "");
      state.className = "editor-upload-state field-error";
      state.textContent = error.message;
      const again = h("button", { class: "button button-small", onClick: () => (chain = chain.then(send)) }, icon("refresh"), "Try again");
      tools.replaceChildren(...(error.retry ? [again] : []), iconButton("close", `Dismiss ${file.name}`, () => row.remove()));
    };
    chain = chain.then(send);
  };

  const take = async (list) => {
    const chosen = [...list];
    if (!chosen.length) return;
    let how = presetHow(field.name, field.schema.items ?? field.schema);
    if (how === "upload") how = await confirmUpload(root, chosen.length);
    if (how) for (const file of chosen) start(file, how);
  };
  return { element, take };
}

/** Makes an element take dropped and pasted files. Text that is pasted stays the business of the input. */
function acceptFiles(element, take) {
  const hasFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  element.addEventListener("dragover", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    element.setAttribute("data-over", "");
  });
  element.addEventListener("dragleave", (event) => element.contains(event.relatedTarget) || element.removeAttribute("data-over"));
  element.addEventListener("drop", (event) => {
    element.removeAttribute("data-over");
    if (!hasFiles(event)) return;
    event.preventDefault();
    take(event.dataTransfer.files);
  });
  element.addEventListener("paste", (event) => {
    const pasted = [...(event.clipboardData?.files ?? [])];
    if (!pasted.length) return;
    event.preventDefault();
    event.stopPropagation();
    take(pasted);
  });
}

function chooser(field, media, take, { multiple = false } = {}) {
  const picker = h("input", {
    type: "file",
    hidden: true,
    tabindex: "-1",
    multiple,
    accept: media === "file" ? null : `${media}/*`,
    "aria-hidden": "true",
    onChange: () => {
      const chosen = [...picker.files];
      picker.value = "";
      take(chosen);
    },
  });
  const label = multiple ? "Choose files" : "Choose file";
  const button = h("button", { class: "button", "aria-label": `${label} for ${field.label}`, onClick: () => picker.click() }, icon("upload"), label);
  return { picker, button };
}

/** One file: address input, chip of a marker, or chip of base64 that is in the text itself. */
export function fileControl(field) {
  const media = mediaOf(field.name, field.schema);
  const canUpload = Boolean(field.context.files.uploadUrl);
  const { element: uploads, take } = uploader(field, (info) => field.write(info.marker));
  const takeOne = (list) => take([...list].slice(0, 1));
  const { picker, button } = chooser(field, media, takeOne);
  const input = h("input", {
    ...field.ties,
    type: "text",
    inputmode: "url",
    autocomplete: "off",
    spellcheck: "false",
    placeholder: canUpload ? `https://… or drop ${WORDS[media]} here` : "https://…",
    onInput: () => field.write(input.value),
  });
  const address = h("div", { class: "editor-address" }, input, canUpload ? button : null, picker);
  const chip = h("div", { class: "editor-chip-holder", hidden: true });
  const element = h("div", { class: "editor-file" }, address, chip, uploads);
  if (canUpload) acceptFiles(element, takeOne);
  let shown = null;
  return {
    element,
    get input() {
      return address.hidden ? undefined : input;
    },
    focus: () => (address.hidden ? chip.querySelector("button, select") : input)?.focus(),
    refresh(node) {
      const value = node?.value ?? "";
      const isFile = parseMarker(value) || parseBlob(value);
      address.hidden = Boolean(isFile);
      chip.hidden = !isFile;
      if (!isFile) {
        shown = null;
        chip.replaceChildren();
        setValue(input, value);
        return;
      }
      const key = field.context.files.get(value) ?? value;
      if (shown !== key) chip.replaceChildren(parseMarker(value) ? markerChip(field, value) : blobChip(field, value));
      shown = key;
    },
  };
}

const dot = () => h("span", { class: "editor-dot", "aria-hidden": "true" }, "·");

function markerChip(field, marker) {
  const info = field.context.files.get(marker);
  const { id, how } = parseMarker(marker);
  const remove = removeButton(field, info?.name ?? "file");
  if (!info) {
    return h("div", { class: "file-chip", "data-unknown": "" }, ...[icon("question"), h("span", { class: "file-chip-name" }, `Unknown file ${id.slice(0, 8)}…`), remove].filter(Boolean));
  }
  const thumbnail = info.thumbnail_url ? h("img", { src: info.thumbnail_url, alt: "", width: 32, height: 32 }) : icon(mediaIcon(info.media_type));
  const name = info.url ? h("a", { href: info.url, target: "_blank", rel: "noopener", class: "file-chip-name", title: info.name }, info.name) : h("span", { class: "file-chip-name", title: info.name }, info.name);
  const facts = h("span", { class: "editor-chip-facts" }, formatBytes(info.size), dot(), h("span", { class: "mono", title: info.sha256 }, `sha256 ${info.sha256.slice(0, 4)}…`));
  const menu = h(
    "select",
    { class: "editor-how", "aria-label": `How ${info.name} is sent`, title: "How the file is sent", disabled: !info.how_url },
    Object.entries(HOWS).map(([value, label]) => h("option", { value }, label)),
  );
  menu.value = how;
  const problem = h("p", { class: "field-error", hidden: true });
  menu.addEventListener("change", () => changeHow(field, marker, menu, problem));
  return h("div", { class: "editor-chip-stack" }, h("div", { class: "file-chip" }, thumbnail, name, facts, menu, remove), problem);
}

async function changeHow(field, marker, menu, problem) {
  const { how } = parseMarker(marker);
  const wanted = menu.value === "upload" ? await confirmUpload(field.context.root, 1) : menu.value;
  menu.value = wanted ?? how;
  if (!wanted || wanted === how) return;
  problem.hidden = true;
  menu.disabled = true;
  try {
    const info = await field.context.files.changeHow(marker, wanted);
    // While the answer was on its way the person may have put something else there.
    if (field.document.node(field.path)?.value === marker) field.write(info.marker);
  } catch (error) {
    menu.value = how;
    problem.textContent = error.message;
    problem.hidden = false;
  }
  menu.disabled = false;
  if (menu.isConnected) menu.focus();
  else field.element.querySelector(".editor-how")?.focus();
}

function blobChip(field, value) {
  const { mediaType, bytes, how } = parseBlob(value);
  const kind = mediaType.split("/")[0] || "data";
  return h(
    "div",
    { class: "file-chip" },
    icon(mediaIcon(mediaType)),
    h("span", { class: "file-chip-name" }, `${kind} ${formatBytes(bytes)}`),
    h("span", { class: "editor-chip-facts" }, `${HOWS[how]} in the text`),
    removeButton(field, kind),
  );
}

/** A row of a list has its own remove button beside it. */
const removeButton = (field, name) => (field.bare ? null : iconButton("close", `Remove ${name}`, () => field.clear()));

const mediaIcon = (type) => ({ image: "image", audio: "audio", video: "video" })[type?.split("/")[0]] ?? "file";

/** A list of files: rows as in any list, and one place that takes many at once. */
export function filesControl(field) {
  const schema = { type: "string", ...field.schema.items };
  const media = mediaOf(field.name, field.schema);
  const canUpload = Boolean(field.context.files.uploadUrl);
  const what = field.name.replace(/s$/, "");
  const rows = rowsOf(field, (index) => {
    return new Field(field.context, { path: [...field.path, index], name: field.name, label: `${what} ${index + 1}`, schema, kind: "file", bare: true });
  });
  const append = (value) => field.document.set([...field.path, field.document.node(field.path)?.children?.length ?? 0], value);
  const { element: uploads, take } = uploader(field, (info) => append(info.marker));
  const { picker, button } = chooser(field, media, take, { multiple: true });
  const add = h("button", { class: "button", onClick: () => (append(""), rows.fields().at(-1)?.focus()) }, icon("link"), "Add address");
  const words = h("span", { class: "editor-drop-words" }, `Drop or paste ${WORDS[media].replace(/^an? /, "")}s here`);
  const drop = h("div", { class: "file-drop" }, canUpload ? words : null, h("span", { class: "button-row" }, add, canUpload ? button : null), picker);
  const element = h("div", { ...field.groupTies, class: "editor-list editor-files" }, rows.element, uploads, drop, rows.live);
  if (canUpload) acceptFiles(drop, take);
  return {
    element,
    isGroup: true,
    focus: () => (canUpload ? button : add).focus(),
    children: rows.fields,
    at: (path) => rows.fields()[path[field.path.length]],
    note: (node) => countNote(node, field.schema),
    refresh(node) {
      rows.refresh(node);
      drop.hidden = (node?.children?.length ?? 0) >= (field.schema.maxItems ?? Infinity);
    },
  };
}
