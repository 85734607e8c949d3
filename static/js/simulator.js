// The phones renew themselves without taking focus, typed words or the place one has scrolled to.
"use strict";
(() => {
  function scrollToEnd(log) {
    log.scrollTop = log.scrollHeight;
  }

  // What is new is appended; what is known only changes its state.
  function mergeLog(log, fresh) {
    const wasAtEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 60;
    fresh.querySelectorAll("[data-bubble]").forEach((bubble) => {
      const known = document.getElementById(bubble.id);
      if (!known) {
        log.append(document.importNode(bubble, true));
        return;
      }
      const state = known.querySelector("[data-state]");
      const now = bubble.querySelector("[data-state]");
      if (state.textContent !== now.textContent) state.textContent = now.textContent;
      known.className = bubble.className;
    });
    if (wasAtEnd) scrollToEnd(log);
  }

  function merge(html) {
    const fresh = new DOMParser().parseFromString(html, "text/html");
    fresh.querySelectorAll("[data-log]").forEach((log) => {
      const here = document.getElementById(log.id);
      if (here) mergeLog(here, log);
    });
    fresh.querySelectorAll("[data-fresh]").forEach((part) => {
      const here = document.getElementById(part.id);
      if (here && here.textContent !== part.textContent) here.textContent = part.textContent;
    });
  }

  document.addEventListener("htmx:beforeRequest", (event) => {
    if (event.target.matches(".phones-live") && document.hidden) event.preventDefault();
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    const form = event.target;
    if (!event.detail.successful || !form.matches("[data-merges]")) return;
    merge(event.detail.xhr.responseText);
    if (!form.matches("[data-clears]")) return;
    const typed = form.querySelector("input[type=text]");
    typed.value = "";
    scrollToEnd(form.closest(".phone").querySelector("[data-log]"));
  });

  function showEnds() {
    document.querySelectorAll("[data-log]").forEach(scrollToEnd);
  }
  // Other phones were chosen; what renews itself swaps nothing, and scrolls nobody away.
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.target.id === "phones" && !event.detail.requestConfig.elt.matches("[data-merges]")) showEnds();
  });
  showEnds();
})();
