// Passkeys and security keys. <form data-passkey="login | use | create"> asks the browser for a credential when it is
// sent, puts it into its `credential` field and goes on. The options come from the form's own address (login) or from
// the JSON block named by data-options. Such a form is hidden until this module knows that the browser can do it.

import { flash } from "./flash.js";

const ADVICE = {
  NotAllowedError: "The browser did not use a passkey: the question was closed, timed out, or no passkey fits this site.",
  InvalidStateError: "This device already has a passkey for your account.",
  SecurityError: "Passkeys work only on https or on localhost. Open this site under that address.",
  NotSupportedError: "This device has no kind of passkey that the site accepts.",
};

function bytes(text) {
  const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (character) => character.charCodeAt(0));
}

function text(buffer) {
  const plain = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(plain).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

const withId = (one) => ({ ...one, id: bytes(one.id) });

function readable(credential) {
  const { response } = credential;
  const parts = ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"];
  const answer = {};
  for (const part of parts) if (response[part]) answer[part] = text(response[part]);
  if (response.getTransports) answer.transports = response.getTransports();
  return {
    id: credential.id,
    rawId: text(credential.rawId),
    type: credential.type,
    authenticatorAttachment: credential.authenticatorAttachment ?? null,
    clientExtensionResults: credential.getClientExtensionResults(),
    response: answer,
  };
}

async function options(form) {
  if (form.dataset.options) return JSON.parse(document.getElementById(form.dataset.options).textContent);
  const answer = await fetch(form.action, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error("no options");
  return answer.json();
}

async function use(form) {
  const { publicKey } = (await options(form)).request_options;
  return navigator.credentials.get({
    publicKey: {
      ...publicKey,
      challenge: bytes(publicKey.challenge),
      allowCredentials: publicKey.allowCredentials?.map(withId),
    },
  });
}

async function create(form) {
  const { publicKey } = (await options(form)).creation_options;
  const alone = form.elements.passwordless?.checked ?? true;
  const selection = {
    ...publicKey.authenticatorSelection,
    residentKey: alone ? "required" : "discouraged",
    requireResidentKey: alone,
  };
  if (alone) selection.userVerification = "required";
  return navigator.credentials.create({
    publicKey: {
      ...publicKey,
      challenge: bytes(publicKey.challenge),
      user: withId(publicKey.user),
      excludeCredentials: publicKey.excludeCredentials?.map(withId),
      authenticatorSelection: selection,
    },
  });
}

async function onSubmit(event) {
  event.preventDefault();
  const form = event.currentTarget;
  const button = form.querySelector("[type=submit]");
  button.setAttribute("aria-busy", "true");
  try {
    const credential = await (form.dataset.passkey === "create" ? create(form) : use(form));
    form.elements.credential.value = JSON.stringify(readable(credential));
    form.submit();
  } catch (error) {
    flash(ADVICE[error.name] ?? "The passkey could not be used. Reload the page and try once more.", "warning");
  } finally {
    button.removeAttribute("aria-busy");
  }
}

if (window.PublicKeyCredential) {
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    form.hidden = false;
    form.addEventListener("submit", onSubmit);
  }
  document.querySelectorAll("[data-passkey-missing]").forEach((notice) => notice.remove());
}
