// Tells the gym what failed in this browser and how long the page took: no address, nothing that was typed.
(() => {
  "use strict";
  const route = document.querySelector('meta[name="route"]')?.content;
  if (!route || !navigator.sendBeacon) return;
  const waiting = [];
  const own = `${location.origin}/static/`;
  let left = 20;

  const note = (event) => {
    if (left-- > 0) waiting.push(event);
  };
  const send = () => {
    if (!waiting.length) return;
    const body = JSON.stringify({ route, events: waiting.splice(0) });
    navigator.sendBeacon("/telemetry", new Blob([body], { type: "application/json" }));
  };

  // A script of an extension, or of anybody else, is not ours to mend.
  const failed = (error, message) => {
    const stack = String(error?.stack ?? "");
    if (!stack.includes(own)) return;
    note({ kind: "error", name: String(error.name), message: String(message).slice(0, 500), stack: stack.slice(0, 4000) });
    send();
  };
  addEventListener("error", (event) => failed(event.error, event.message));
  addEventListener("unhandledrejection", ({ reason }) => failed(reason, reason?.message));

  const vitals = {};
  const observe = (type, seen, options) => {
    if (!PerformanceObserver.supportedEntryTypes?.includes(type)) return;
    new PerformanceObserver((list) => list.getEntries().forEach(seen)).observe({ type, buffered: true, ...options });
  };
  observe("paint", (entry) => {
    if (entry.name === "first-contentful-paint") vitals.FCP = entry.startTime;
  });
  observe("largest-contentful-paint", (entry) => {
    vitals.LCP = entry.startTime;
  });
  let shifted = 0, first = 0, last = 0;
  observe("layout-shift", (entry) => {
    if (entry.hadRecentInput) return;
    const on = entry.startTime - last < 1000 && entry.startTime - first < 5000;
    if (!on) [first, shifted] = [entry.startTime, 0];
    last = entry.startTime;
    shifted += entry.value;
    vitals.CLS = Math.max(vitals.CLS ?? 0, shifted);
  });
  observe("event", (entry) => {
    if (entry.interactionId) vitals.INP = Math.max(vitals.INP ?? 0, entry.duration);
  }, { durationThreshold: 40 });

  addEventListener("visibilitychange", () => {
    if (document.visibilityState !== "hidden") return;
    const [visit] = performance.getEntriesByType("navigation");
    if (visit?.responseStart) vitals.TTFB = visit.responseStart;
    if (vitals.LCP) vitals.CLS ??= 0;
    for (const [name, value] of Object.entries(vitals)) {
      note({ kind: "vital", name, value });
      delete vitals[name];
    }
    send();
  });
})();
