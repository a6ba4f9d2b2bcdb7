// Passkeys: the browser makes or uses one, and the form sends what came of it. Without passkeys the buttons stay away.
const bytes = (text) =>
  Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/").padEnd(Math.ceil(text.length / 4) * 4, "=")), (c) =>
    c.charCodeAt(0),
  );
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

function creation({ publicKey: key }) {
  const chosen = { ...key.authenticatorSelection, residentKey: "required", requireResidentKey: true, userVerification: "required" };
  const known = (key.excludeCredentials ?? []).map((one) => ({ ...one, id: bytes(one.id) }));
  const user = { ...key.user, id: bytes(key.user.id) };
  return { publicKey: { ...key, challenge: bytes(key.challenge), user, excludeCredentials: known, authenticatorSelection: chosen } };
}

function request({ publicKey: key }) {
  const known = (key.allowCredentials ?? []).map((one) => ({ ...one, id: bytes(one.id) }));
  return { publicKey: { ...key, challenge: bytes(key.challenge), allowCredentials: known } };
}

function answer(made) {
  const response = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (made.response[name]) response[name] = text(made.response[name]);
  }
  if (made.response.getTransports) response.transports = made.response.getTransports();
  const clientExtensionResults = made.getClientExtensionResults();
  return JSON.stringify({ type: made.type, id: made.id, rawId: text(made.rawId), response, clientExtensionResults });
}

async function options(form) {
  if (form.dataset.passkey !== "login") {
    const given = JSON.parse(document.getElementById(form.dataset.options).textContent);
    return given.creation_options ?? given.request_options;
  }
  const got = await fetch(form.action, { headers: { Accept: "application/json", "X-Requested-With": "XMLHttpRequest" } });
  if (!got.ok) throw new Error(String(got.status));
  return (await got.json()).request_options;
}

async function go(form) {
  const problem = form.querySelector("[data-problem]");
  problem.hidden = true;
  try {
    const wanted = await options(form);
    const made =
      form.dataset.passkey === "create"
        ? await navigator.credentials.create(creation(wanted))
        : await navigator.credentials.get(request(wanted));
    form.elements.credential.value = answer(made);
    form.submit();
  } catch {
    problem.hidden = false;
  }
}

for (const form of window.PublicKeyCredential ? document.querySelectorAll("[data-passkey]") : []) {
  const button = form.querySelector("[data-passkey-go]");
  button.hidden = false;
  button.addEventListener("click", () => go(form));
}
