// Reports browser errors and web vitals to POST /telemetry: the route's template, no address, nothing that was typed.
(() => {
  "use strict";
  const route = document.querySelector('meta[name="route"]')?.content;
  if (!route || !navigator.sendBeacon) return;
  const queue = [];
  const own = `${location.origin}/static/`;
  let left = 20; // events that one page may report, so that an error in a loop stays small

  const note = (event) => {
    if (left-- > 0) queue.push(event);
  };
  const send = () => {
    if (!queue.length) return;
    const body = JSON.stringify({ route, events: queue.splice(0) });
    navigator.sendBeacon("/telemetry", new Blob([body], { type: "application/json" }));
  };

  // Errors in scripts that are not ours, such as a browser extension's, are not reported.
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
  // CLS: the largest sum of shifts in one session window (gaps under 1 s, 5 s in all), as web.dev defines it.
  let shifted = 0, first = 0, last = 0;
  observe("layout-shift", (entry) => {
    if (entry.hadRecentInput) return;
    const on = entry.startTime - last < 1000 && entry.startTime - first < 5000;
    if (!on) [first, shifted] = [entry.startTime, 0];
    last = entry.startTime;
    shifted += entry.value;
    vitals.CLS = Math.max(vitals.CLS ?? 0, shifted);
  });
  // INP, approximated by the slowest interaction.
  observe("event", (entry) => {
    if (entry.interactionId) vitals.INP = Math.max(vitals.INP ?? 0, entry.duration);
  }, { durationThreshold: 40 });

  // Send when the page is hidden: the last event that mobile browsers deliver for certain.
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
