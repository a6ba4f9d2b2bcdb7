{% load static %}// Service worker of /notifications/: shows what is pushed, and opens its page when it is pressed. It keeps nothing and
// answers no request.
addEventListener("install", () => skipWaiting());

addEventListener("push", (event) => {
  const { title, body, url, tag, lang } = event.data.json();
  const icon = "{% static 'img/apple-touch-icon.png' %}";
  event.waitUntil(registration.showNotification(title, { body, tag, lang, icon, badge: icon, data: { url } }));
});

addEventListener("notificationclick", (event) => {
  event.notification.close();
  const page = new URL(event.notification.data.url || "/notifications/", location.origin);
  if (page.origin === location.origin) event.waitUntil(open(page.href));
});

async function open(href) {
  const tabs = await clients.matchAll({ type: "window", includeUncontrolled: true });
  const there = tabs.find((tab) => tab.url === href);
  return there ? there.focus() : clients.openWindow(href);
}
