// data-copy="text" or data-copy-target="#id" copies, and says so on the button and to screen readers.

import { announce } from "./flash.js";

async function write(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Plain http on another machine's address has no clipboard API.
    const area = document.createElement("textarea");
    area.value = text;
    area.className = "visually-hidden";
    (document.querySelector("dialog[open]") ?? document.body).append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
}

function textOf(button) {
  if (button.dataset.copy !== undefined) return button.dataset.copy;
  const target = document.querySelector(button.dataset.copyTarget);
  return target ? (target.value ?? target.textContent) : "";
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy], [data-copy-target]");
  if (!button) return;
  event.preventDefault();
  const done = await write(textOf(button));
  button.focus();
  announce(done ? "Copied" : "The browser refused to copy");
  if (!done) return;
  const use = button.querySelector("use");
  if (!use || button.dataset.copied) return;
  const before = use.getAttribute("href");
  button.dataset.copied = "true";
  use.setAttribute("href", before.replace(/#.*/, "#check"));
  setTimeout(() => {
    use.setAttribute("href", before);
    delete button.dataset.copied;
  }, 1600);
});
