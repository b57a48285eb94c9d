// Ticking 2 to 4 runs to compare them: [data-pick-run] boxes anywhere on the page, which belong to #compare-form. What is
// ticked stays ticked when a row is fetched anew.

const MOST = 4;
const ticked = new Set();

const boxes = () => [...document.querySelectorAll("[data-pick-run]")];
// A strip that is fetched anew brings its own form.
const form = () => document.getElementById("compare-form");

function show() {
  if (!form()) return;
  form().toggleAttribute("data-idle", ticked.size === 0);
  for (const box of boxes()) {
    box.checked = ticked.has(box.value);
    box.disabled = !box.checked && ticked.size >= MOST;
  }
  form().querySelector("[data-pick-submit]").disabled = ticked.size < 2;
  form().querySelector("[data-pick-words]").textContent = ticked.size
    ? `${ticked.size} of at most ${MOST} ticked.`
    : `Tick 2 to ${MOST} runs.`;
}

for (const box of boxes()) if (box.checked) ticked.add(box.value);
document.addEventListener("change", ({ target }) => {
  if (!target.matches?.("[data-pick-run]")) return;
  if (target.checked) ticked.add(target.value);
  else ticked.delete(target.value);
  show();
});
document.addEventListener("atelier:swapped", show);
document.addEventListener("htmx:afterSettle", show);
show();
