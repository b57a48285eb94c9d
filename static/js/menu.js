// Menus are <details class="menu">: they open without script. This closes them and moves the focus with the arrows.

const items = (menu) => [...menu.querySelectorAll(".menu-panel :is(a[href], button:not(:disabled), input, select)")];

function close(menu, refocus) {
  menu.open = false;
  if (refocus) menu.querySelector("summary").focus();
}

document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    const kept = event.target.closest("[data-menu-keep], [data-theme-choice]");
    const chose = event.target.closest(".menu-item");
    if (!menu.contains(event.target) || (chose && menu.contains(chose) && !kept)) close(menu, false);
  }
});

document.addEventListener("focusin", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) close(menu, false);
  }
});

document.addEventListener("keydown", (event) => {
  const menu = event.target.closest?.("details.menu");
  if (!menu) return;
  if (event.key === "Escape" && menu.open) {
    event.preventDefault();
    close(menu, true);
    return;
  }
  const onSummary = event.target.matches("summary");
  if (!["ArrowDown", "ArrowUp", "Home", "End"].includes(event.key)) return;
  if (!onSummary && event.target.matches("input, select, textarea")) return;
  event.preventDefault();
  menu.open = true;
  const list = items(menu);
  const at = list.indexOf(document.activeElement);
  const next = { ArrowDown: at + 1, ArrowUp: at < 0 ? list.length - 1 : at - 1, Home: 0, End: list.length - 1 }[event.key];
  list[(next + list.length) % list.length]?.focus();
});
