// The class-day board: a tap shows at once and goes to the queue; what others tap comes by itself.
"use strict";
(() => {
  const root = document.getElementById("lesson-board");
  if (!root) return;
  const byId = (id) => document.getElementById(id);
  const text = root.dataset;
  const undoButton = byId("board-undo");
  const companions = byId("companions");
  const CHANGES_EVERY = 5000;
  const undos = [];
  let version = text.version;
  let since = text.since;

  const cellOf = (learner, competency) => byId(`c${learner}-${competency}`);
  // A cell's id names its person and its competency: hundreds of cells carry nothing twice.
  function keysOf(cell) {
    const [learner, competency] = cell.id.slice(1).split("-");
    return { learner, competency };
  }
  const rowOf = (learner) => byId(`r${learner}`);
  const rows = () => Array.from(document.querySelectorAll("#board-rows > tr[data-row]"));
  const nameOf = (learner) => byId(`p${learner}`)?.textContent || "";
  const canOf = (competency) => byId(`k${competency}`)?.querySelector(".can-text").textContent || "";
  const isMine = (item) => item.url === text.tapsUrl;

  // Showing -------------------------------------------------------------------------------
  function valueMark(value) {
    const mark = byId("picker").content.querySelector(`.picker-value .support-${value}`);
    return mark.cloneNode(true);
  }

  function hidden(words) {
    const span = document.createElement("span");
    span.className = "visually-hidden";
    span.textContent = words;
    return span;
  }

  function showValue(cell, value) {
    const button = cell.querySelector(".cell-tap");
    const shown = cell.querySelector(".cell-value");
    const before = cell.querySelector(".cell-before");
    button.dataset.v = value === null ? "" : String(value);
    button.dataset.m = button.dataset.v;
    const none = document.createElement("i");
    none.className = "cell-none";
    shown.replaceChildren(value === null ? none : valueMark(value));
    const { learner, competency } = keysOf(cell);
    const said = [`p${learner}`, `k${competency}`, value === null ? "w0" : shown.id];
    if (before) said.push("w1", before.id);
    button.setAttribute("aria-labelledby", said.join(" "));
  }

  function showStatus(learner, status) {
    const row = rowOf(learner);
    if (!row) return;
    row.dataset.status = status;
    row.querySelectorAll(".attend-key").forEach((key) => {
      key.setAttribute("aria-pressed", String(key.dataset.s === status));
    });
  }

  function markUnsent() {
    const waiting = tapQueue.pending().filter(isMine).map((item) => item.tap);
    document.querySelectorAll(".is-unsent").forEach((cell) => {
      cell.classList.remove("is-unsent");
      cell.querySelector(".unsent-mark")?.remove();
    });
    for (const tap of waiting) {
      const row = rowOf(tap.learner);
      const cell = tap.kind === "rate" ? cellOf(tap.learner, tap.competency) : row?.querySelector(".attend");
      if (!cell || cell.classList.contains("is-unsent")) continue;
      cell.classList.add("is-unsent");
      const mark = document.createElement("span");
      mark.className = "unsent-mark";
      mark.append(hidden(text.waits));
      (cell.querySelector(".cell-value") || cell).append(mark);
    }
  }

  function count() {
    const all = rows();
    const counts = { present: 0, told: 0, absent: 0, missed: 0 };
    for (const row of all) {
      const { status } = row.dataset;
      if (status in counts) counts[status] += 1;
      const looked = Array.from(row.querySelectorAll(".cell-tap")).some((cell) => cell.dataset.v !== "");
      const missed = status === "present" && !looked;
      row.classList.toggle("is-missed", missed);
      if (missed) counts.missed += 1;
    }
    document.querySelectorAll("[data-count]").forEach((place) => {
      place.textContent = counts[place.dataset.count];
    });
  }

  // What was tapped and not yet sent stands over what the server knows, also after reloading.
  function showPending() {
    for (const { tap } of tapQueue.pending().filter(isMine)) {
      if (tap.kind === "rate") {
        const cell = cellOf(tap.learner, tap.competency);
        if (cell) {
          showValue(cell, tap.value);
          keepDetails(cell, tap);
        }
      } else if (tap.kind === "attend") showStatus(tap.learner, tap.status);
      else companions.textContent = tap.number;
    }
    markUnsent();
    count();
  }

  // Tapping -------------------------------------------------------------------------------
  function tap(taps, inverse) {
    if (inverse) {
      undos.push(inverse);
      undoButton.disabled = false;
    }
    tapQueue.add(text.tapsUrl, taps);
    showPending();
  }

  function rating(cell, value, more = {}) {
    const { learner, competency } = keysOf(cell);
    const said = `${nameOf(learner)} ${canOf(competency)} ${value === null ? "" : value}`;
    return { kind: "rate", learner: Number(learner), competency: Number(competency), value, said, ...more };
  }

  // Note, phone and setting of this instructor's own value: a correction keeps them.
  function detailsOf(cell) {
    const { note = "", device = "", setting = "" } = cell.querySelector(".cell-tap").dataset;
    return { note, device, setting };
  }

  function keepDetails(cell, { note = "", device = "", setting = "" }) {
    Object.assign(cell.querySelector(".cell-tap").dataset, { note, device, setting });
  }

  function inverseOf(cell) {
    const { m } = cell.querySelector(".cell-tap").dataset;
    return m === "" ? rating(cell, null) : rating(cell, Number(m), detailsOf(cell));
  }

  function rate(cell, value, more = detailsOf(cell)) {
    const { m } = cell.querySelector(".cell-tap").dataset;
    const before = detailsOf(cell);
    const saysMore = Object.keys(before).some((name) => more[name] !== before[name]);
    if (m === String(value ?? "") && !saysMore) return;
    // Whoever is looked at is here, also one who was thought absent.
    const row = cell.closest("tr");
    const was = row.dataset.status;
    const comes = value !== null && was !== "present" && row.querySelector(".attend-key");
    const here = (status) => (comes ? [attendance(row.dataset.row, status)] : []);
    tap([...here("present"), rating(cell, value, more)], [inverseOf(cell), ...here(was)]);
  }

  function rateColumn(competency, value, more) {
    const cells = rows()
      .filter((row) => row.dataset.status === "present")
      .map((row) => cellOf(row.dataset.row, competency))
      .filter((cell) => cell.querySelector(".cell-tap").dataset.v === "");
    if (cells.length) tap(cells.map((cell) => rating(cell, value, more)), cells.map(inverseOf));
  }

  function attend(learner, status) {
    const before = rowOf(learner).dataset.status;
    const next = before === status ? "" : status;
    tap([attendance(learner, next)], [attendance(learner, before)]);
  }

  function attendance(learner, status) {
    return { kind: "attend", learner: Number(learner), status, said: nameOf(learner) };
  }

  function countCompanions(step) {
    const before = Number(companions.textContent);
    const next = Math.min(99, Math.max(0, before + step));
    const make = (number) => ({ kind: "companions", number, said: byId("companions-title").textContent });
    if (next !== before) tap([make(next)], [make(before)]);
  }

  function undo() {
    const taps = undos.pop();
    undoButton.disabled = !undos.length;
    if (!taps) return;
    tap(taps);
    byId("announcer").textContent = text.undone;
  }

  function openCell(button) {
    const cell = button.closest("td");
    const { learner, competency } = keysOf(cell);
    lessonPicker.open({
      from: button,
      after: button.closest("tr"),
      title: `${nameOf(learner)} ・ ${canOf(competency)}`,
      current: button.dataset.v,
      canTakeBack: button.dataset.m !== "",
      draft: cell.id,
      details: detailsOf(cell),
      choose: (value, more) => rate(cell, value, more),
    });
  }

  function openColumn(button) {
    const { column } = button.dataset;
    const open = rows().filter(
      (row) => row.dataset.status === "present" && cellOf(row.dataset.row, column).querySelector(".cell-tap").dataset.v === "",
    );
    const first = rows()[0];
    if (!first) return;
    lessonPicker.open({
      from: button,
      after: first.previousElementSibling || first,
      title: `${canOf(column)} ・ ${text.everybody.replace("#", open.length)}`,
      current: "",
      canTakeBack: false,
      choose: (value, more) => rateColumn(column, value, more),
    });
  }

  root.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button || button.closest(".picker-row")) return;
    if (button.matches(".cell-tap")) openCell(button);
    else if (button.matches(".can-key")) openColumn(button);
    else if (button.matches(".attend-key")) attend(button.dataset.l, button.dataset.s);
    else if (button.dataset.companions) countCompanions(Number(button.dataset.companions));
    else if (button.dataset.person) openPerson(button.dataset.person);
    else if (button === undoButton) undo();
  });

  // On a keyboard: arrows walk the cells, 0 to 4 rate the one in focus.
  root.addEventListener("keydown", (event) => {
    const button = event.target.closest(".cell-tap");
    if (!button || event.ctrlKey || event.altKey || event.metaKey) return;
    if (/^[0-4]$/.test(event.key)) rate(button.closest("td"), Number(event.key));
    else if (event.key.startsWith("Arrow")) walk(button, event.key);
    else return;
    event.preventDefault();
  });

  function walk(button, key) {
    const all = rows();
    const row = button.closest("tr");
    const cells = (line) => Array.from(line.querySelectorAll(".cell-tap"));
    const at = cells(row).indexOf(button);
    const line = all.indexOf(row);
    if (key === "ArrowLeft") cells(row)[Math.max(at - 1, 0)].focus();
    else if (key === "ArrowRight") cells(row)[Math.min(at + 1, cells(row).length - 1)].focus();
    else if (key === "ArrowUp") cells(all[Math.max(line - 1, 0)])[at].focus();
    else if (key === "ArrowDown") cells(all[Math.min(line + 1, all.length - 1)])[at].focus();
  }

  function openPerson(url) {
    byId("person-body").replaceChildren();
    byId("person").showModal();
    htmx.ajax("GET", url, { target: "#person-body" });
  }

  // What others tapped -----------------------------------------------------------------------
  function replaceCell(fresh) {
    const present = byId(fresh.id);
    if (!present || present.classList.contains("is-unsent")) return;
    const focused = present.contains(document.activeElement);
    const expanded = present.querySelector("[aria-expanded=true]");
    if (expanded) return;
    present.replaceWith(fresh);
    if (focused) fresh.querySelector(".cell-tap").focus({ preventScroll: true });
  }

  function take(html) {
    const page = new DOMParser().parseFromString(html, "text/html");
    const news = page.getElementById("board-fresh");
    if (!news) return;
    version = news.dataset.version;
    since = news.dataset.since;
    const body = byId("board-rows");
    if (!body) return location.reload();
    page.querySelectorAll("td[data-fresh]").forEach((cell) => replaceCell(document.adoptNode(cell)));
    page.querySelectorAll("tr[data-row]").forEach((row) => {
      if (!byId(row.id)) body.append(document.adoptNode(row));
    });
    page.querySelectorAll("[data-marked]").forEach((mark) => {
      showStatus(mark.dataset.marked, mark.dataset.status);
    });
    const waiting = new Set(tapQueue.pending().filter(isMine).map((item) => item.tap.learner));
    for (const key of news.dataset.gone.split(",").filter(Boolean)) {
      if (!waiting.has(Number(key))) rowOf(key)?.remove();
    }
    companions.textContent = news.dataset.companions;
    showPending();
  }

  let isStale = false;
  async function look() {
    if (document.hidden || !navigator.onLine) return;
    const here = rows().map((row) => row.dataset.row).join(",");
    const query = new URLSearchParams({ version, since, rows: here });
    try {
      const response = await fetch(`${text.changesUrl}?${query}`, {
        headers: { "HX-Request": "true" },
        cache: "no-store",
      });
      // What was refused must not stay on the grid: read the lesson anew, once nothing waits.
      const isQuiet = !lessonPicker.isOpen() && !tapQueue.pending().length;
      if (isStale && response.ok && isQuiet) return location.reload();
      if (response.status === 200) take(await response.text());
    } catch {
      // The next look comes soon; the queue says that the connection is gone.
    }
  }

  document.addEventListener("taps-settled", (event) => {
    isStale ||= event.detail.anyRefused;
    showPending();
    look();
  });
  setInterval(look, CHANGES_EVERY);
  document.addEventListener("visibilitychange", look);
  showPending();
})();
