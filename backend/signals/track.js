/*! Holdfast track.js: tells Holdfast what a customer does in your app. Each signal arrives once.
 *
 *   <script src="https://desk.example/track.js" data-key="hfk_…" data-customer-id="c-42" defer></script>
 *   Holdfast.track("feature_used", {feature: "export"})
 *
 * Without data-key: Holdfast.init("hfk_…", {base}), and Holdfast.identify("c-42") once you know who it is.
 * What cannot be told now is kept in localStorage, an entry a signal, and told later under the id it was given: by this
 * page, the next one, or another tab. No cookie, no personal data, one global.
 */
(() => {
  "use strict";
  const KEPT = "holdfast:", MOST = 500, LARGEST = 8000, SOON = 2000, LONGEST = 300000;
  const AT_ONCE = 100, PARCEL = 30000; // bytes: half of what browsers carry for pages that are gone
  const api = (window.Holdfast = window.Holdfast || {});
  if (api.track) return;
  const script = document.currentScript, memory = new Map();
  let key, base, customer, timer, failures = 0, sending = false, sequence = 0;

  // Storage may be forbidden or full: then what is not told yet lives as long as the page.
  const attempt = (act, otherwise) => { try { return act(); } catch { return otherwise; } };
  const keep = (id, signal) => {
    memory.set(id, signal);
    attempt(() => localStorage.setItem(KEPT + id, JSON.stringify(signal)));
  };
  const drop = (id) => {
    memory.delete(id);
    attempt(() => localStorage.removeItem(KEPT + id));
  };
  /** The ids of all that wait to be told, oldest first: they begin with the time. */
  const waiting = () => {
    const stored = attempt(() => Object.keys(localStorage), []).filter((name) => name.startsWith(KEPT));
    return [...new Set([...memory.keys(), ...stored.map((name) => name.slice(KEPT.length))])].sort();
  };
  const read = (id) => memory.get(id) || attempt(() => JSON.parse(localStorage.getItem(KEPT + id)));

  const newId = () => {
    const chance = attempt(() => [...crypto.getRandomValues(new Uint32Array(3))], [1, 2, 3].map(() => Math.random() * 2 ** 32 | 0));
    const order = (sequence++ % 46656).toString(36).padStart(3, "0");
    return Date.now().toString(36).padStart(9, "0") + order + chance.map((part) => (part >>> 0).toString(36)).join("");
  };

  /** The oldest signals whose customer is known, but for those in `skip`, as [ids, body]. */
  const parcel = (skip) => {
    const ids = [], texts = [];
    let size = 0;
    for (const id of waiting()) {
      const signal = read(id);
      if (!signal || !signal.event) drop(id);
      const who = signal && (signal.customerId || customer);
      if (!who || skip.has(id)) continue;
      const text = JSON.stringify({ ...signal, customerId: who, id });
      size += new Blob([text]).size + 1;
      if (ids.length === AT_ONCE || (ids.length && size > PARCEL)) break;
      ids.push(id);
      texts.push(text);
    }
    return [ids, `{"events":[${texts}]}`];
  };
  // The key goes in the query and the body as text: so browsers ask no permission first, and a beacon can carry it.
  const url = () => `${base}/api/track?key=${encodeURIComponent(key)}`;

  const later = (ms) => {
    if (timer && ms === SOON) return;
    clearTimeout(timer);
    timer = setTimeout(() => { timer = 0; flush(); }, ms);
  };
  const backOff = (asked) => later(Math.max(asked * 1000 || 0, Math.min(LONGEST, 1000 * 2 ** failures++) * (0.5 + Math.random() / 2)));

  const flush = async () => {
    if (!key || sending) return;
    const [ids, body] = parcel(new Set());
    if (!ids.length) return;
    sending = true;
    clearTimeout(timer);
    timer = 0;
    try {
      const answer = await fetch(url(), { method: "POST", body, keepalive: true, credentials: "omit" });
      if (answer.ok || answer.status === 400 || answer.status === 413) {
        // Taken, known already, or never to be taken: told again it would be no different.
        if (!answer.ok) console.warn("Holdfast: signals were refused", answer.status);
        ids.forEach(drop);
        failures = 0;
        later(SOON);
      } else backOff(+answer.headers.get("Retry-After"));
    } catch {
      backOff();
    }
    sending = false;
  };

  // The page may be gone in a moment. Nothing is dropped: whether a beacon arrives nobody is told, and ids make it once.
  const leave = () => {
    const sent = new Set();
    for (let more = !!key && !!navigator.sendBeacon; more;) {
      const [ids, body] = parcel(sent);
      more = ids.length > 0 && navigator.sendBeacon(url(), body);
      ids.forEach((id) => sent.add(id));
    }
  };

  const safely = (act) => (...given) => attempt(() => act(...given));
  api.init = safely((given, { base: at, customerId } = {}) => {
    base = (at || new URL(script.src).origin).replace(/\/+$/, "");
    key = given;
    if (customerId) customer = String(customerId);
    later(SOON);
  });
  api.identify = safely((customerId) => {
    customer = customerId ? String(customerId) : undefined; // null: signed out
    later(SOON);
  });
  api.track = safely((event, { customerId, userId, ...properties } = {}) => {
    const signal = { event: String(event), properties, timestamp: new Date().toISOString() };
    const who = customerId || userId || customer;
    if (who) signal.customerId = String(who);
    if (JSON.stringify(signal).length > LARGEST) return console.warn("Holdfast: too large a signal", event);
    keep(newId(), signal);
    waiting().slice(0, -MOST).forEach(drop);
    later(SOON);
  });
  api.flush = safely(flush);

  addEventListener("online", () => { failures = 0; later(0); });
  addEventListener("pagehide", safely(leave));
  addEventListener("visibilitychange", () => document.visibilityState === "hidden" && attempt(leave));
  const { key: given, base: at, customerId } = (script && script.dataset) || {};
  if (given) api.init(given, { base: at, customerId });
})();
