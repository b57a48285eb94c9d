// Messages in the corner. Others import flash() and announce(), or the server sends an HX-Trigger "atelier:flash".

const STAY = { info: 7000, success: 7000 };

/** Shows a message; level is info, success, warning or error. Warnings and errors stay until dismissed. */
export function flash(text, level = "info") {
  const region = document.getElementById("flashes");
  const template = document.getElementById("flash-template");
  if (!region || !template) return;
  const node = template.content.firstElementChild.cloneNode(true);
  node.className = `flash flash-${level}`;
  const use = node.querySelector("use");
  const icon = { success: "check", warning: "alert", error: "alert" }[level] ?? "info";
  use.setAttribute("href", use.getAttribute("href").replace(/#.*/, `#${icon}`));
  node.querySelector(".flash-text").textContent = text;
  region.append(node);
  expire(node);
}

/** Says something to screen readers only. */
export function announce(text) {
  let region = document.getElementById("announcer");
  if (!region) {
    region = document.createElement("p");
    region.id = "announcer";
    region.className = "visually-hidden";
    region.setAttribute("role", "status");
    document.body.append(region);
  }
  region.textContent = "";
  setTimeout(() => {
    region.textContent = text;
  }, 60);
}

function expire(node) {
  const level = [...node.classList].find((name) => name.startsWith("flash-"))?.slice(6);
  if (!STAY[level]) return;
  const leave = () => {
    if (node.matches(":hover, :focus-within")) setTimeout(leave, 2000);
    else node.remove();
  };
  setTimeout(leave, STAY[level]);
}

document.addEventListener("click", (event) => {
  event.target.closest("[data-flash-close]")?.closest("[data-flash]")?.remove();
});

document.addEventListener("atelier:flash", (event) => {
  const { text, level } = event.detail ?? {};
  if (text) flash(text, level);
});

document.addEventListener("htmx:sendError", () => {
  flash("The server did not answer. Reload the page to see how things stand.", "error");
});

document.addEventListener("htmx:responseError", (event) => {
  const status = event.detail.xhr.status;
  if (status === 403) flash("Your role in this team does not allow this, or the page is too old. Reload and try once more.", "error");
  else if (status === 404) flash("This is gone, or it is not yours to see.", "error");
  else flash(`The server answered with an error (${status}). Reload the page to see how things stand.`, "error");
});

document.querySelectorAll("[data-flash]").forEach(expire);
