// The desk by keyboard: search, choose, register, read aloud, next call.
"use strict";
(() => {
  const desk = document.getElementById("desk");
  if (!desk) return;
  const byId = (id) => document.getElementById(id);
  const form = byId("call-form");
  const query = byId("desk-q");
  const text = desk.dataset;
  const SEARCH_PAUSE = 250;
  const CHECK_PAUSE = 300;
  const STALE = ["desk-person", "desk-results", "desk-second"];
  const HIDDEN = ["desk-version", "placement"];
  const ABOUT_CALLER = ["desk-card", "application-keys"];

  let call = 0; // counts calls, so that an answer to an earlier one is dropped
  let placed = false; // the caller of this panel has an answer that holds a place
  let armed = ""; // the key that was pressed once and asks to be pressed again
  let searched = ""; // the text last searched for
  let shown = ""; // the text whose results stand there
  let toResults = false; // Enter came before the results
  let searchTimer, checkTimer;

  // Also where the page is served without https, and so without crypto.randomUUID.
  function uuid4() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
  }

  function say(words) {
    byId("desk-word").replaceChildren();
    if (!words) return;
    const line = document.createElement("p");
    line.className = "desk-word strong";
    line.textContent = words;
    byId("desk-word").append(line);
  }

  function fill(id, template) {
    const target = byId(id);
    target.replaceChildren(byId(template).content.cloneNode(true));
    htmx.process(target);
  }

  const person = () => document.querySelector("#desk-person [data-person]");
  const outcome = () => document.querySelector("#desk-answer [data-outcome]")?.dataset.outcome;
  const composing = (event) => event.isComposing || event.keyCode === 229;
  const isVisible = (element) => element.getClientRects().length > 0;
  const isText = (element) =>
    element.matches("input:not([type=checkbox], [type=radio], [type=button], [type=submit]), select, textarea");

  // Whether Esc would lose something: typed fields nobody has saved, or an answer on its way.
  function wouldLose() {
    if (form.classList.contains("htmx-request")) return true;
    if (placed) return false;
    const typed = document.querySelectorAll(".new-person input:not([type=hidden])");
    return Array.from(typed).some((field) => field.type !== "checkbox" && field.value.trim());
  }

  function mayLose(key) {
    if (!wouldLose() || armed === key) return true;
    armed = key;
    say(text.typed);
    return false;
  }

  function setPlaced(now) {
    placed = now;
    desk.classList.toggle("is-placed", now);
  }

  function nextCall() {
    call += 1;
    setPlaced(false);
    armed = "";
    searched = "";
    shown = "";
    toResults = false;
    clearTimeout(searchTimer);
    clearTimeout(checkTimer);
    query.value = "";
    form.elements.call_uuid.value = uuid4();
    fill("desk-person", "desk-nobody");
    fill("desk-answer", "desk-quiet");
    fill("desk-results", "desk-no-results");
    deskClasses.choose([]);
    star();
    say("");
    query.focus();
  }

  // What the answer or the card recommends.
  function star() {
    const source = document.querySelector("#desk-answer [data-stars]") || document.querySelector("#desk-person [data-stars]");
    deskClasses.star(source && !placed ? source.dataset.stars.split(",").filter(Boolean) : []);
  }

  // Search --------------------------------------------------------------------------------
  function search() {
    clearTimeout(searchTimer);
    if (query.value.trim() === searched) return;
    searched = query.value.trim();
    htmx.trigger("#desk-search", "search-now");
  }

  function focusResult() {
    toResults = false;
    document.querySelector("#desk-results .result")?.focus();
  }

  query.addEventListener("input", (event) => {
    clearTimeout(searchTimer);
    if (!event.isComposing) searchTimer = setTimeout(search, SEARCH_PAUSE);
  });
  query.addEventListener("compositionend", () => {
    clearTimeout(searchTimer);
    searchTimer = setTimeout(search, SEARCH_PAUSE);
  });

  function enterInSearch() {
    if (query.value.trim() === shown) return focusResult();
    toResults = true;
    search();
  }

  // Somebody new --------------------------------------------------------------------------
  const isLatin = (name) => /^[\p{Script=Latin}\s.,'’-]+$/u.test(name.trim());

  function nextEmptyField() {
    for (const group of document.querySelectorAll(".new-person")) {
      const field = (name) => byId(`id_${group.dataset.checks}-${name}`);
      for (const name of ["name", "kana", "phone"]) {
        // A family name alone, as a second person begins with, still wants the given name.
        if (field(name).value.trim() && !/\s$/.test(field(name).value)) continue;
        if (name === "kana" && isLatin(field("name").value)) continue;
        if (name === "phone" && byId("id_first-no_phone")?.checked) continue;
        return field(name);
      }
    }
    return null;
  }

  function goOn() {
    const field = nextEmptyField();
    if (!field) return deskClasses.focus();
    field.focus();
    field.setSelectionRange(field.value.length, field.value.length);
  }

  function check(group) {
    const prefix = group.dataset.checks;
    htmx.ajax("POST", group.dataset.checkUrl, {
      source: group,
      target: `#hints-${prefix}`,
      values: { checking: prefix },
    });
  }

  document.addEventListener("input", (event) => {
    say("");
    armed = "";
    const group = event.target.closest(".new-person");
    if (!group || event.isComposing) return;
    if (/-kana$/.test(event.target.name)) event.target.dataset.byHand = "1";
    clearTimeout(checkTimer);
    checkTimer = setTimeout(() => isVisible(group) && check(group), CHECK_PAUSE);
  });

  // What is typed into the name before it becomes kanji is its reading, until the kana is typed.
  let reading = "";
  document.addEventListener("compositionupdate", (event) => {
    if (/^[ぁ-んー]+$/.test(event.data)) reading = event.data;
  });
  document.addEventListener("compositionend", (event) => {
    const name = event.target;
    const group = name.closest(".new-person");
    if (!group || !/-name$/.test(name.name) || /owner/.test(name.name)) return;
    const kana = byId(`id_${group.dataset.checks}-kana`);
    if (reading && !kana.dataset.byHand) {
      const gap = /[\s　]/.test(name.value.slice(0, -event.data.length).slice(-1)) && !/\s$/.test(kana.value);
      kana.value += (gap && kana.value ? " " : "") + reading;
    }
    reading = "";
    clearTimeout(checkTimer);
    checkTimer = setTimeout(() => check(group), CHECK_PAUSE);
  });

  // Keys ----------------------------------------------------------------------------------
  function register() {
    if (!person()) return say(text.nobody);
    if (!deskClasses.chosen().length) return say(text.unchosen);
    return form.requestSubmit();
  }

  function showMore() {
    const more = byId("desk-more");
    if (!more) return say(text.nobody);
    more.hidden = !more.hidden;
    if (!more.hidden) more.querySelector("select, input").focus();
    else deskClasses.focus();
  }

  function escape(event) {
    if (document.querySelector("details.menu[open]")) return;
    event.preventDefault();
    const leave = document.querySelector("#desk-answer [data-quiet]");
    const filter = byId("class-filter");
    if (leave) return fill("desk-answer", "desk-quiet");
    if (event.target === filter && filter.value) {
      filter.value = "";
      return filter.dispatchEvent(new Event("input", { bubbles: true }));
    }
    if (event.target === query && !query.value && !person() && !outcome()) return deskClasses.focus();
    if (mayLose("Escape")) nextCall();
  }

  function enterInField(event) {
    const field = event.target;
    if (field === query) enterInSearch();
    else if (field.id === "class-filter") deskClasses.focus();
    else if (field.id === "override-reason") field.value.trim() && form.requestSubmit();
    else if (form.contains(field)) goOn();
    else return;
    event.preventDefault();
  }

  function walkResults(event) {
    const results = Array.from(document.querySelectorAll("#desk-results .result"));
    const at = results.indexOf(document.activeElement);
    const next = at + (event.key === "ArrowDown" ? 1 : -1);
    if (at < 0 && document.activeElement !== query) return;
    event.preventDefault();
    if (next < 0) query.focus();
    else results[Math.min(next, results.length - 1)]?.focus();
  }

  function press(key) {
    const buttons = Array.from(document.querySelectorAll("[data-key]")).filter(
      (button) => button.dataset.key === key && isVisible(button),
    );
    const first = buttons.find((button) => button.closest("#desk-answer")) || buttons[0];
    if (first) first.click();
    return Boolean(first);
  }

  document.addEventListener("keydown", (event) => {
    if (composing(event) || event.ctrlKey || event.altKey || event.metaKey) return;
    if (document.querySelector("dialog[open]") || event.defaultPrevented) return;
    const { key, target } = event;
    if (target !== document.body && !desk.contains(target) && target.id !== "main") return;
    if (key === "Escape") return void escape(event);
    if (/^F\d+$/.test(key)) {
      const button = document.querySelector(`[data-anywhere="${key}"]`);
      if (!button || event.repeat) return;
      event.preventDefault();
      button.click();
      return;
    }
    if (key === "ArrowDown" || key === "ArrowUp") return void walkResults(event);
    if (key === "Enter" && isText(target)) return void enterInField(event);
    if (isText(target)) return;
    if (key === "Enter") {
      if (target.matches("button:not(.class-row), a, summary")) return;
      event.preventDefault();
      if (!event.repeat) register();
    } else if (key === "/" || key.toLowerCase() === "f") {
      event.preventDefault();
      const field = key === "/" ? query : byId("class-filter");
      field.focus();
      field.select();
    } else if (key.length === 1 && key !== " ") {
      if (event.repeat || press(key.toLowerCase())) event.preventDefault();
    }
  });

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    const { dataset } = button;
    if (dataset.class) {
      say(deskClasses.toggle(dataset.class) ? "" : text.tooMany);
    } else if (dataset.choose) {
      deskClasses.choose([dataset.choose]);
      register();
    } else if (dataset.shows) {
      byId(dataset.shows).hidden = false;
      byId(dataset.shows).querySelector("input").focus();
    } else if (dataset.fills) {
      const field = byId(dataset.fills);
      field.value = dataset.value;
      field.dispatchEvent(new Event("input", { bubbles: true }));
      field.focus();
    } else if (dataset.clears) {
      byId(dataset.clears).replaceChildren();
      deskClasses.focus();
    } else if ("quiet" in dataset) {
      fill("desk-answer", "desk-quiet");
    } else if (button.id === "desk-m") {
      showMore();
    } else if (button.id === "desk-esc") {
      if (mayLose("Escape")) nextCall();
    }
  });

  // Requests ------------------------------------------------------------------------------
  document.addEventListener("htmx:confirm", (event) => {
    const { elt } = event.detail;
    if (elt.id === "desk-live") return;
    if (["desk-p", "desk-l"].includes(elt.id) && !person()) {
      event.preventDefault();
      say(text.nobody);
    } else if (elt.id === "call-form" && (!person() || !deskClasses.chosen().length)) {
      event.preventDefault();
      say(person() ? text.unchosen : text.nobody);
    } else if (elt.dataset.endsCall !== undefined && outcome() !== "refused") {
      if (!mayLose(elt.dataset.key)) event.preventDefault();
    }
  });

  document.addEventListener("htmx:beforeRequest", (event) => {
    if (event.detail.elt.id === "desk-live" && document.hidden) event.preventDefault();
    event.detail.xhr.deskCall = call;
  });

  document.addEventListener("htmx:beforeSwap", (event) => {
    const { target, xhr } = event.detail;
    const late = xhr.deskCall !== undefined && xhr.deskCall !== call;
    if (late && (STALE.includes(target.id) || target.id.startsWith("hints-"))) {
      event.detail.shouldSwap = false;
    } else if (["desk-answer", "desk-person"].includes(target.id)) {
      say("");
    }
  });

  // The banner goes with the next answer that arrives; that this press did not, stays said.
  for (const failure of ["htmx:sendError", "htmx:responseError", "htmx:timeout"]) {
    document.addEventListener(failure, (event) => {
      if (event.detail.target?.id === "desk-answer") say(text.notSent);
    });
  }

  // Numbers change in place; whoever stands on them or reads them is not disturbed.
  document.addEventListener("htmx:oobBeforeSwap", (event) => {
    const { target, fragment } = event.detail;
    const fresh = fragment.firstElementChild;
    if (ABOUT_CALLER.includes(target.id)) {
      // After an answer the keys of the card are others.
    } else if (target.contains(document.activeElement) && target.id !== "class-list") {
      event.detail.shouldSwap = false;
    } else if (fresh && fresh.innerHTML === target.innerHTML && !HIDDEN.includes(target.id)) {
      event.detail.shouldSwap = fresh.dataset.room !== target.dataset.room;
    }
  });
  document.addEventListener("htmx:oobAfterSwap", (event) => {
    if (event.detail.target.id === "class-list") deskClasses.refresh();
    if (document.activeElement === document.body) deskClasses.focus();
    if (event.detail.target.id === "desk-card") star();
  });

  document.addEventListener("htmx:afterSwap", (event) => {
    const { id } = event.detail.target;
    if (id === "desk-results") {
      shown = searched;
      if (toResults) focusResult();
    }
    if (id === "desk-person" && person()) {
      star();
      arrived();
    }
    if (id === "desk-second") goOn();
    if (id === "desk-answer") {
      setPlaced(Boolean(document.querySelector("#desk-answer [data-placed]")));
      if (document.querySelector("#desk-answer [data-ended]")) ended();
      star();
      if (!isText(document.activeElement)) deskClasses.focus();
    }
  });

  // The caller's application has ended: Enter alone registers nobody, a digit and Enter anew.
  function ended() {
    deskClasses.choose([]);
    for (const name of ["application_uuid", "second_uuid"]) {
      if (form.elements[name]) form.elements[name].value = uuid4();
    }
  }

  // A card or an empty form has come: classes chosen for somebody served before are let go.
  function arrived() {
    if (placed) {
      deskClasses.choose([]);
      fill("desk-answer", "desk-quiet");
    }
    setPlaced(false);
    armed = "";
    const wrong = person().querySelector("[aria-invalid=true]");
    if (wrong) {
      if (byId("desk-more").contains(wrong)) byId("desk-more").hidden = false;
      wrong.focus();
    } else if ("new" in person().dataset) goOn();
    else deskClasses.focus();
  }

  document.addEventListener("desk-next", nextCall);
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) htmx.trigger(document.body, "desk-changed");
  });
  byId("desk-intake").addEventListener("change", (event) => event.target.form.requestSubmit());

  form.elements.call_uuid.value = uuid4();
  query.focus();
})();
