// What the exam, the capture page and the desk share: a session that ends while the page is open is said, with a way
// back in, and noticed when it is there again. The pages keep what was done on the device meanwhile.
const note = document.getElementById("signed-out");

/** The token of now: signing in again changes it, also for the forms of this page. */
export function csrf() {
  const fields = document.getElementsByName("csrfmiddlewaretoken");
  const token = document.cookie.match(/(?:^|; )csrftoken=([^;]+)/)?.[1];
  if (token) for (const field of fields) field.value = token;
  return fields[0]?.value ?? "";
}

/** Whether `response` says that nobody is signed in (the API by 401, a page by sending to the sign-in page); shows or
 * hides the note. */
export function signedOut(response) {
  const out = response.status === 401 || (response.redirected && response.url.includes("next="));
  if (note && (out || response.ok)) note.hidden = !out;
  return out;
}

// A page that the browser kept whole and brings back with Back is of another time.
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
