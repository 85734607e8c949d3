// The call list by keyboard: digits end the call, arrows walk the list, the poll keeps the focus.
"use strict";
(() => {
  const desk = document.getElementById("call-desk");
  let chosen = null; // the field that a key chose since the page last changed

  function isTyping(target) {
    return target.matches("input:not([type=radio], [type=checkbox]), textarea, select");
  }

  function visible(element) {
    return element.checkVisibility ? element.checkVisibility() : element.offsetParent !== null;
  }

  function rows() {
    return Array.from(desk.querySelectorAll("[data-row]"));
  }

  // The answers to an offer, once opened, take the digits for themselves.
  function findKey(key) {
    const answers = desk.querySelector("details[data-scope=answers][open]");
    const inside = answers && answers.querySelector(`button[data-key="${key}"]`);
    if (inside) return inside;
    return Array.from(desk.querySelectorAll(`[data-key="${key}"]`)).find(
      (found) => visible(found) && !found.disabled,
    );
  }

  function walk(step) {
    const all = rows();
    if (!all.length) return;
    const here = all.indexOf(document.activeElement);
    const next = here < 0 ? 0 : Math.min(Math.max(here + step, 0), all.length - 1);
    all[next].focus();
  }

  function press(key) {
    const answers = desk.querySelector("details[data-scope=answers][open]");
    if (key === "Escape" && answers) {
      answers.open = false;
      answers.querySelector("summary").focus();
      return true;
    }
    if (key === "5") {
      const time = desk.querySelector("#call_call_back_at");
      if (time) time.focus();
      chosen = time;
      return Boolean(time);
    }
    const found = findKey(key);
    if (!found) return false;
    found.click();
    return true;
  }

  document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.keyCode === 229) return;
    if (event.ctrlKey || event.altKey || event.metaKey || event.repeat) return;
    const target = event.target;
    if (target.closest("dialog, details.menu, .site-head")) return;
    if (isTyping(target)) {
      if (event.key === "Enter" && target.id === "call_call_back_at") {
        event.preventDefault();
        target.form.querySelector("[value=call_back]").click();
      } else if (event.key === "Enter" || event.key === "Escape") {
        event.preventDefault();
        desk.querySelector("[data-focus-here]")?.focus();
      }
      return;
    }
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (target.matches("[type=radio]")) return;
      event.preventDefault();
      walk(event.key === "ArrowDown" ? 1 : -1);
      return;
    }
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (/^([1-5nt]|Escape)$/.test(key) && press(key)) event.preventDefault();
  });

  desk.addEventListener("toggle", (event) => {
    if (event.target.matches("details[data-scope=answers]") && event.target.open) {
      event.target.querySelector("button").focus();
    }
  }, true);

  // The page changes under the hands: keep the focus where the work is.
  let lastRow = -1;
  document.addEventListener("htmx:beforeSwap", (event) => {
    chosen = null;
    lastRow = event.detail.target.id === "call-rows" ? rows().indexOf(document.activeElement) : -1;
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.detail.target.id === "call-desk") {
      const start = desk.querySelector("[data-focus-here]");
      // Whoever was quicker than the page settled stays where their key led them.
      if (start && !(chosen && chosen === document.activeElement)) start.focus();
    } else if (lastRow >= 0 && !rows().includes(document.activeElement)) {
      const all = rows();
      if (all.length) all[Math.min(lastRow, all.length - 1)].focus();
    }
    lastRow = -1;
  });
})();
