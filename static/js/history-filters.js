// [data-filters]: choosing from a list filters at once, and empty fields stay out of the address.

const form = document.querySelector("[data-filters]");

function submit() {
  for (const field of form.elements) if (field.name && !field.value) field.disabled = true;
  form.submit();
}

if (form) {
  form.addEventListener("change", (event) => {
    if (event.target.matches("select") && !event.target.closest(".filter-panel")) submit();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit();
  });
  // The page may come back from the browser's memory with its fields still switched off.
  window.addEventListener("pageshow", () => {
    for (const field of form.elements) field.disabled = false;
  });
}
