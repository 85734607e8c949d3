// What every page needs: nothing typed is lost when the session or the network is gone,
// menus and dialogs open and close, focus lands on what is wrong.
"use strict";
(() => {
  const banner = document.getElementById("connection-banner");

  function showBanner(kind) {
    const text = banner.dataset[kind];
    const link = banner.querySelector("[data-banner-link]");
    banner.hidden = false;
    link.hidden = kind !== "signedOut";
    banner.querySelector("[data-banner-text]").textContent = text;
    document.dispatchEvent(new CustomEvent("desk:trouble", { detail: { kind } }));
  }

  function hideBanner() {
    if (!banner.hidden) {
      banner.hidden = true;
      document.dispatchEvent(new CustomEvent("desk:well"));
    }
  }

  // Signing in again in another tab changes the token: always send the present one.
  function currentToken() {
    const found = document.cookie.match(/(?:^|;\s*)csrftoken=([^;]+)/);
    return found ? decodeURIComponent(found[1]) : "";
  }

  document.addEventListener("htmx:configRequest", (event) => {
    const token = currentToken();
    if (event.detail.verb === "get" || !token) return;
    event.detail.headers["X-CSRFToken"] = token;
    const data = event.detail.formData;
    if (data.has("csrfmiddlewaretoken")) data.set("csrfmiddlewaretoken", token);
  });

  document.addEventListener("htmx:sendError", () => showBanner("lost"));
  document.addEventListener("htmx:timeout", () => showBanner("lost"));
  document.addEventListener("htmx:responseError", (event) => {
    const status = event.detail.xhr.status;
    if (status === 401) showBanner("signedOut");
    else if (status === 403) showBanner("refused");
    else if (status >= 500) showBanner("lost");
    else showBanner("failed");
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.successful) hideBanner();
  });
  document.addEventListener("connection-trouble", (event) => showBanner(event.detail.kind));
  // Where taps are kept on the tablet, the page itself says what waits: nothing is to be repeated.
  const keepsTaps = document.getElementById("tap-state");
  window.addEventListener("offline", () => keepsTaps || showBanner("lost"));
  window.addEventListener("online", hideBanner);

  // A plain form leaves the page: ask first whether the session and the network still stand.
  const aliveUrl = document.body.dataset.signedInUrl;
  const passed = new WeakSet();

  // Buttons alone (sign out, the language) lose nothing.
  function holdsTypedText(form) {
    return Array.from(form.elements).some(
      (field) =>
        field.matches("textarea, select, input:not([type=hidden], [type=submit], [type=button])"),
    );
  }

  function usesHtmx(form) {
    return form.matches("[hx-post], [hx-put], [hx-patch], [hx-delete], [hx-get], [data-hx-post]");
  }

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post" || usesHtmx(form)) return;
    const field = form.elements.namedItem("csrfmiddlewaretoken");
    const refresh = () => {
      const token = currentToken();
      if (field && token) field.value = token;
    };
    if (passed.delete(form) || !aliveUrl || !holdsTypedText(form)) {
      refresh();
      return;
    }
    event.preventDefault();
    const submitter = event.submitter;
    fetch(aliveUrl, { headers: { "HX-Request": "true" }, cache: "no-store" })
      .then((response) => {
        if (response.status === 401) return showBanner("signedOut");
        if (!response.ok) return showBanner("lost");
        hideBanner();
        passed.add(form);
        return form.requestSubmit(submitter);
      })
      .catch(() => showBanner("lost"));
  });

  // Menus (<details class="menu">) close on Escape and on a click elsewhere.
  function closeMenus(except) {
    document.querySelectorAll("details.menu[open]").forEach((menu) => {
      if (menu !== except) menu.open = false;
    });
  }
  document.addEventListener("click", (event) => {
    closeMenus(event.target.closest("details.menu"));
    const opener = event.target.closest("[data-opens]");
    if (opener) document.getElementById(opener.dataset.opens).showModal();
    const closer = event.target.closest("[data-closes]");
    if (closer) closer.closest("dialog").close();
    if (event.target.closest("[data-prints]")) window.print();
  });
  document.addEventListener("keydown", (event) => {
    const menu = event.key === "Escape" && document.querySelector("details.menu[open]");
    if (!menu) return;
    closeMenus();
    menu.querySelector("summary").focus();
  });

  // An answer may carry HX-Trigger: {"announce": "text"} to be read to screen readers.
  document.addEventListener("announce", (event) => {
    document.getElementById("announcer").textContent = event.detail.value;
  });

  // One tick for all that bear its name: in its own table, or in the whole form.
  document.addEventListener("change", (event) => {
    const name = event.target.dataset && event.target.dataset.ticksAll;
    if (!name) return;
    const within = event.target.closest("table") || event.target.form;
    within.querySelectorAll(`input[type="checkbox"][name="${name}"]`).forEach((box) => {
      box.checked = event.target.checked;
    });
  });

  const summary = document.querySelector("[data-focus]");
  if (summary) summary.focus();
})();
