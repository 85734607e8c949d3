// Taps on their way: kept on this tablet, also across a closed page, and sent in their order, once.
// One stored item per tap, so that two open pages never lose each other's; the server knows a tap
// by its uuid and takes it once, however often it is sent.
"use strict";
const tapQueue = (() => {
  const state = document.getElementById("tap-state");
  if (!state) return null;
  const staff = state.dataset.staff;
  const PREFIX = "tap:";
  const MINE = `${PREFIX}${staff}:`;
  const REFUSED = `refused:${staff}`;
  const PORTION = 20;
  const FIRST_WAIT = 2000;
  const LONGEST_WAIT = 30000;
  const memory = new Map(); // where the tablet keeps nothing
  const line = state.querySelector("[data-tap-line]");
  let counter = 0;
  let sending = false;
  let wait = FIRST_WAIT;
  let timer;

  function keys(prefix) {
    const found = Array.from(memory.keys()).filter((key) => key.startsWith(prefix));
    try {
      for (let index = 0; index < localStorage.length; index += 1) {
        const key = localStorage.key(index);
        if (key.startsWith(prefix)) found.push(key);
      }
    } catch {
      // Storage is switched off: what there is stands in memory.
    }
    return found.sort();
  }

  function read(key) {
    try {
      return JSON.parse(memory.get(key) || localStorage.getItem(key));
    } catch {
      return null;
    }
  }

  function keep(key, value) {
    const text = JSON.stringify(value);
    try {
      localStorage.setItem(key, text);
    } catch {
      memory.set(key, text);
    }
  }

  function drop(key) {
    memory.delete(key);
    try {
      localStorage.removeItem(key);
    } catch {
      // It was in memory only.
    }
  }

  // Also where the page is served without https, and so without crypto.randomUUID.
  function uuid4() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
  }

  function pending() {
    return keys(MINE).map((key) => ({ key, ...read(key) })).filter((item) => item.tap);
  }

  function show() {
    const waiting = pending().length;
    const { sent, unsent, sending: underWay, lost } = state.dataset;
    const offline = !navigator.onLine || wait > FIRST_WAIT;
    const kind = !waiting ? "sent" : memory.size ? "lost" : offline ? "unsent" : "sending";
    const words = { sent, lost, unsent, sending: underWay }[kind].replace("#", waiting);
    if (line.textContent !== words) line.textContent = words;
    line.dataset.kind = kind;
    const others = keys(PREFIX).filter((key) => !key.startsWith(MINE)).length;
    const about = state.querySelector("[data-tap-others]");
    about.hidden = !others;
    about.textContent = state.dataset.others.replace("#", others);
    showRefused();
  }

  function showRefused() {
    const refused = read(REFUSED) || [];
    const box = state.querySelector("[data-tap-refused]");
    box.hidden = !refused.length;
    if (box.childElementCount === refused.length + 2) return;
    box.replaceChildren();
    if (!refused.length) return;
    const title = document.createElement("p");
    title.className = "strong";
    title.textContent = state.dataset.refused;
    const lines = refused.map((one) => {
      const item = document.createElement("p");
      item.textContent = `${one.said} — ${one.why}`;
      return item;
    });
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button button-small";
    button.textContent = state.dataset.dismiss;
    button.addEventListener("click", () => {
      drop(REFUSED);
      showRefused();
    });
    box.append(title, ...lines, button);
  }

  function add(url, taps) {
    for (const tap of taps) {
      counter += 1;
      const order = `${String(Date.now()).padStart(15, "0")}-${String(counter).padStart(6, "0")}`;
      const { said, ...rest } = tap;
      keep(`${MINE}${order}`, { url, said, at: Date.now(), tap: { uuid: uuid4(), ...rest } });
    }
    show();
    send();
  }

  function token() {
    const found = document.cookie.match(/(?:^|;\s*)csrftoken=([^;]+)/);
    return found ? decodeURIComponent(found[1]) : "";
  }

  function trouble(kind) {
    document.dispatchEvent(new CustomEvent("connection-trouble", { detail: { kind } }));
  }

  function later() {
    clearTimeout(timer);
    timer = setTimeout(send, wait);
    wait = Math.min(wait * 2, LONGEST_WAIT);
  }

  function settle(items, results) {
    const why = new Map(results.map((result) => [result.uuid, result.ok ? "" : result.why]));
    const refused = read(REFUSED) || [];
    for (const item of items) {
      const reason = why.get(item.tap.uuid);
      if (reason) refused.push({ said: item.said || "", why: reason });
      drop(item.key);
    }
    if (refused.length) keep(REFUSED, refused.slice(-50));
    const anyRefused = items.some((item) => why.get(item.tap.uuid));
    document.dispatchEvent(new CustomEvent("taps-settled", { detail: { items, anyRefused } }));
  }

  async function portion(items) {
    const taps = items.map((item) => ({
      ...item.tap,
      age: Math.max(0, Math.round((Date.now() - item.at) / 1000)),
    }));
    const response = await fetch(items[0].url, {
      method: "POST",
      body: JSON.stringify({ taps }),
      headers: { "Content-Type": "application/json", "X-CSRFToken": token(), "HX-Request": "true" },
      cache: "no-store",
    });
    if (response.status === 401 || (response.status === 403 && !token())) return trouble("signedOut");
    if (response.status === 403) return trouble("refused");
    if (response.status === 400) {
      const { why } = await response.json();
      settle(items, items.map((item) => ({ uuid: item.tap.uuid, ok: false, why })));
      return true;
    }
    if (!response.ok) return false;
    settle(items, (await response.json()).results);
    return true;
  }

  async function sendAll() {
    for (;;) {
      const waiting = pending();
      if (!waiting.length || !navigator.onLine) return;
      const last = waiting.findIndex((item) => item.url !== waiting[0].url);
      const items = waiting.slice(0, Math.min(last < 0 ? PORTION : last, PORTION));
      let done = false;
      try {
        done = await portion(items);
      } catch {
        done = false;
      }
      show();
      if (!done) return later();
      wait = FIRST_WAIT;
    }
  }

  async function send() {
    if (sending) return;
    sending = true;
    clearTimeout(timer);
    try {
      // Of several pages open on one tablet, one sends at a time: the order stays.
      if (navigator.locks) await navigator.locks.request(`taps-${staff}`, sendAll);
      else await sendAll();
    } finally {
      sending = false;
      show();
    }
  }

  function again() {
    wait = FIRST_WAIT;
    send();
  }

  window.addEventListener("online", again);
  window.addEventListener("offline", show);
  window.addEventListener("storage", show);
  document.addEventListener("visibilitychange", () => document.hidden || again());
  show();
  send();
  return { add, pending, uuid4 };
})();
