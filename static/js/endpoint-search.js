// Arrow keys and Enter in a search for models: [data-endpoint-search] holds one field and the links it finds,
// each a [data-endpoint-link]. htmx fetches them; Enter opens the first, after what is still on its way has arrived.

function linksOf(root) {
  return [...root.querySelectorAll("[data-endpoint-link]")];
}

// A key that was just pressed has not been searched for yet.
const LATE_MS = 140;

function openFirst(root, field, typedAt) {
  const asking = field.form.matches(".htmx-request") || performance.now() - typedAt() < LATE_MS;
  if (asking) setTimeout(() => openFirst(root, field, typedAt), 40);
  else linksOf(root)[0]?.click();
}

function onField(root, field, typedAt, event) {
  if (event.key === "ArrowDown") {
    event.preventDefault();
    linksOf(root)[0]?.focus();
  } else if (event.key === "Enter" && !event.isComposing) {
    event.preventDefault();
    if (field.value.trim()) openFirst(root, field, typedAt);
  }
}

function onLink(root, field, event) {
  const links = linksOf(root);
  const to = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (to) {
    event.preventDefault();
    (links[links.indexOf(event.target) + to] ?? (to < 0 ? field : event.target)).focus();
  } else if (event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey && event.key !== " ") {
    // Typing goes on where the words are.
    field.focus();
  }
}

function watch(root) {
  const field = root.querySelector("input[name=q]");
  let typed = -Infinity;
  field.addEventListener("input", () => {
    typed = performance.now();
  });
  root.addEventListener("keydown", (event) => {
    if (event.target === field) onField(root, field, () => typed, event);
    else if (event.target.matches("[data-endpoint-link]")) onLink(root, field, event);
  });
}

for (const root of document.querySelectorAll("[data-endpoint-search]")) watch(root);
