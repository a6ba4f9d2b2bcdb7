// A question stays as it stands: when something was said in it, or became of it, its part of the page is fetched again.
const ids = () => document.getElementById("thread")?.dataset ?? {};
document.addEventListener("room", ({ detail }) => {
  const { topic, thread } = ids(), rows = [...(detail.messages ?? []), ...(detail.changed ?? [])];
  const missed = !detail.messages && !detail.bye; // only numbers: after a pause
  if (detail.room === topic && (missed || rows.some((row) => row.thread === thread))) {
    document.getElementById("thread").dispatchEvent(new Event("live"));
  }
});
