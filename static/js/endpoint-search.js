// Arrow keys and Enter in a search for models: [data-endpoint-search] holds one field and the links it finds,
// each a [data-endpoint-link]. htmx fetches them; Enter opens the first of the answer to what is in the field.

function linksOf(root) {
  return [...root.querySelectorAll("[data-endpoint-link]")];
}

const PATIENCE_MS = 5000;

// The answer names the words it is for: until it names those in the field, it is on its way.
function openFirst(root, field, asked = field.value, until = performance.now() + PATIENCE_MS) {
  if (field.value !== asked || performance.now() > until) return;
  if (root.querySelector("[data-answers]")?.dataset.answers === asked.trim()) linksOf(root)[0]?.click();
  else setTimeout(() => openFirst(root, field, asked, until), 40);
}

function onField(root, field, event) {
  if (event.key === "ArrowDown") {
    event.preventDefault();
    linksOf(root)[0]?.focus();
  } else if (event.key === "Enter" && !event.isComposing) {
    event.preventDefault();
    if (field.value.trim() && !event.repeat) openFirst(root, field);
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
  root.addEventListener("keydown", (event) => {
    if (event.target === field) onField(root, field, event);
    else if (event.target.matches("[data-endpoint-link]")) onLink(root, field, event);
  });
}

for (const root of document.querySelectorAll("[data-endpoint-search]")) watch(root);
