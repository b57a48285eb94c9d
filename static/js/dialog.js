// <button data-dialog-open="id"> opens <dialog id="id">; data-dialog-close and a click beside it close it.

export function openDialog(dialog) {
  if (!dialog || dialog.open) return;
  dialog.showModal();
  dialog.querySelector("[autofocus]")?.focus();
}

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-dialog-open]");
  if (opener) {
    event.preventDefault();
    openDialog(document.getElementById(opener.dataset.dialogOpen));
    return;
  }
  const dialog = event.target.closest("dialog");
  if (!dialog) return;
  if (event.target.closest("[data-dialog-close]")) dialog.close();
});

// A press that began inside and ended on the backdrop (selecting text, say) must not close.
document.addEventListener("pointerdown", (event) => {
  if (event.target.tagName !== "DIALOG" || !event.target.open) return;
  const box = event.target.getBoundingClientRect();
  const beside =
    event.clientX < box.left || event.clientX > box.right || event.clientY < box.top || event.clientY > box.bottom;
  if (beside) event.target.close();
});
