// The switch “push in this browser” of the settings page. What is said, and which button is there, follows one state:
// unsupported, home (a phone that pushes to apps on its home screen only), denied, off, on, failed.
import { csrf } from "./signed-in.js";

const card = document.getElementById("push");
const { key, worker, scope, subscribe, unsubscribe, known } = card.dataset;

function show(state) {
  for (const part of card.querySelectorAll("[data-when]")) part.hidden = !part.dataset.when.split(" ").includes(state);
}

const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));
const same = (one, other) => one && one.byteLength === other.length && new Uint8Array(one).every((byte, at) => byte === other[at]);

async function send(url, body) {
  const headers = { "Content-Type": "application/json", "X-CSRFToken": csrf() };
  const response = await fetch(url, { method: "POST", headers, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(response.status);
}

async function isOurs(subscription) {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(subscription.endpoint));
  const hex = Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
  return known.split(" ").includes(hex);
}

async function current() {
  return (await navigator.serviceWorker.getRegistration(scope))?.pushManager.getSubscription();
}

async function start() {
  if (!("serviceWorker" in navigator) || !("PushManager" in window) || !("Notification" in window)) {
    return show(/iPhone|iPad/.test(navigator.userAgent) && !navigator.standalone ? "home" : "unsupported");
  }
  if (Notification.permission === "denied") return show("denied");
  const subscription = await current();
  show(subscription && Notification.permission === "granted" && await isOurs(subscription) ? "on" : "off");
}

async function turnOn() {
  const permission = await Notification.requestPermission();
  if (permission !== "granted") return show(permission === "denied" ? "denied" : "off");
  await navigator.serviceWorker.register(worker, { scope });
  const { pushManager } = await navigator.serviceWorker.ready;
  let subscription = await pushManager.getSubscription();
  // Made with a key that we do not have any more.
  if (subscription && !same(subscription.options.applicationServerKey, bytes(key))) {
    await subscription.unsubscribe();
    subscription = null;
  }
  subscription ??= await pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: bytes(key) });
  await send(subscribe, subscription.toJSON());
  show("on");
}

async function turnOff() {
  const subscription = await current();
  if (subscription) {
    await send(unsubscribe, { endpoint: subscription.endpoint });
    await subscription.unsubscribe();
  }
  show("off");
}

card.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-push]");
  if (!button) return;
  button.disabled = true;
  try { await (button.dataset.push === "on" ? turnOn() : turnOff()); } catch { show("failed"); }
  button.disabled = false;
  // The pressed button may have gone; whoever works with keys goes on from the other.
  if (button.closest("[hidden]")) card.querySelector("p:not([hidden]) > [data-push]")?.focus();
});
start().catch(() => show("failed"));
