// A part of a page that asks for itself anew: it waits while somebody is at work inside it.
"use strict";
(() => {
  document.addEventListener("htmx:beforeRequest", (event) => {
    const live = event.target.closest ? event.target : null;
    if (!live || !live.matches("[data-live]")) return;
    // A field being filled in, or an open menu, is never replaced under the hands.
    const busy =
      live.querySelector("details.menu[open]") ||
      live.querySelector("input:focus:not([type=hidden]), select:focus, textarea:focus");
    if (busy || document.hidden) event.preventDefault();
  });
})();
