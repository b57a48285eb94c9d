// Light, dark or the system's choice. A cookie rather than localStorage: the server writes the attribute into the page,
// so a chosen scheme never flashes the other one first.

const COOKIE = "atelier_theme";
const YEAR = 365 * 24 * 3600;

function chosen() {
  const match = document.cookie.match(/(?:^|; )atelier_theme=(light|dark)/);
  return match ? match[1] : "system";
}

function show(choice) {
  if (choice === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = choice;
  for (const button of document.querySelectorAll("[data-theme-choice]")) {
    button.setAttribute("aria-pressed", String(button.dataset.themeChoice === choice));
  }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-theme-choice]");
  if (!button) return;
  const choice = button.dataset.themeChoice;
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `${COOKIE}=${choice}; Path=/; Max-Age=${choice === "system" ? 0 : YEAR}; SameSite=Lax${secure}`;
  show(choice);
  document.dispatchEvent(new CustomEvent("atelier:theme", { detail: choice }));
});

show(chosen());
