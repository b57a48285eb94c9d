// The session of this browser, which may end or begin anew in another tab while a page is open.

/** The token of the present session: signing in anew makes another one, and a page that stayed open has the old. */
export function csrfToken() {
  const cookie = /(?:^|; )\w*csrf\w*=([^;]+)/.exec(document.cookie)?.[1];
  return cookie ?? document.querySelector("[name=csrfmiddlewaretoken]")?.value ?? "";
}

/** Whether an answer that came from `url` is the sign-in page instead of what was asked for. */
export function signedOut(url) {
  return new URL(url, location.href).pathname.startsWith("/accounts/login");
}
