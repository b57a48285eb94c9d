// One box that ticks all others of a name: <input type="checkbox" data-tick-all="run" hidden>. It is shown by this script.

for (const all of document.querySelectorAll("[data-tick-all]")) {
  const boxes = [...document.querySelectorAll(`input[type="checkbox"][name="${all.dataset.tickAll}"]`)];
  const show = () => {
    const ticked = boxes.filter((box) => box.checked).length;
    all.checked = ticked > 0 && ticked === boxes.length;
    all.indeterminate = ticked > 0 && ticked < boxes.length;
  };
  all.hidden = false;
  all.addEventListener("change", () => {
    for (const box of boxes) box.checked = all.checked;
  });
  for (const box of boxes) box.addEventListener("change", show);
  show();
}
