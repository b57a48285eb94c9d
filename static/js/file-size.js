// <input type="file" data-most-bytes="…" data-too-large="…">: says that a file is too large before it is sent.

for (const field of document.querySelectorAll("input[data-most-bytes]")) {
  field.addEventListener("change", () => {
    const large = [...field.files].some((file) => file.size > Number(field.dataset.mostBytes));
    field.setCustomValidity(large ? field.dataset.tooLarge : "");
    if (large) field.reportValidity();
  });
}
