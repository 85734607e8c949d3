// The classes of the desk: narrowed by words, chosen by digits in the order of the wishes.
"use strict";
const deskClasses = (() => {
  const desk = document.getElementById("desk");
  if (!desk) return null;
  const form = document.getElementById("call-form");
  const filter = document.getElementById("class-filter");
  const count = document.getElementById("class-filter-count");
  const none = document.getElementById("class-none");
  const storage = `desk-filter-${desk.dataset.intake}`;
  // Primary keys in order of the wishes, and whether the first showed a seat when it was chosen.
  let chosen = [];
  let showedSeat = false;
  // Classes that fit the caller's level.
  let starred = [];

  const rows = () => Array.from(document.querySelectorAll("#class-list .class-row"));
  const fold = (text) => text.normalize("NFKC").toLowerCase();
  const hasRoom = (row) => row.querySelector(".class-seats").dataset.room === "1";

  // A weekday is one letter and must stand alone; longer words may stand anywhere in a name.
  function matches(row, tokens) {
    const words = row.dataset.words.split(" ");
    return tokens.every((token) =>
      words.some((word) => word === token || (token.length > 1 && word.includes(token))) ||
      row.dataset.words.split(" ", 1)[0].startsWith(token),
    );
  }

  function refresh() {
    const tokens = fold(filter.value).split(/[\s・,、]+/).filter(Boolean);
    let shown = 0;
    for (const row of rows()) {
      const rank = chosen.indexOf(row.dataset.class);
      const visible = matches(row, tokens) || rank >= 0;
      row.parentElement.hidden = !visible;
      row.setAttribute("aria-pressed", String(rank >= 0));
      row.querySelector(".class-star").hidden = !starred.includes(row.dataset.class);
      row.querySelector(".class-choice").textContent =
        rank >= 0 ? desk.dataset.choice.replace("#", rank + 1) : "";
      delete row.dataset.key;
      if (visible) {
        shown += 1;
        if (shown <= 10) row.dataset.key = String(shown % 10);
      }
      row.querySelector("kbd").textContent = row.dataset.key || "·";
    }
    count.textContent = tokens.length ? `${shown} / ${rows().length}` : "";
    none.hidden = shown > 0 || !tokens.length;
    none.textContent = desk.dataset.none;
    form.elements.wishes.value = chosen.join(",");
    form.elements.expects_seat.value = showedSeat ? "1" : "";
    document.dispatchEvent(new CustomEvent("desk:chosen", { detail: { chosen } }));
  }

  // Returns false where no further choice is taken.
  function toggle(pk) {
    if (chosen.includes(pk)) chosen = chosen.filter((other) => other !== pk);
    else if (chosen.length >= Number(desk.dataset.maxChoices)) return false;
    else chosen = [...chosen, pk];
    note();
    return true;
  }

  function note() {
    const first = chosen.length && document.getElementById(`class-${chosen[0]}`);
    showedSeat = Boolean(first && (hasRoom(first) || (showedSeat && chosen.length > 1)));
    refresh();
  }

  function choose(pks) {
    chosen = pks;
    showedSeat = false;
    note();
  }

  function star(pks) {
    starred = pks;
    refresh();
  }

  filter.addEventListener("input", () => {
    sessionStorage.setItem(storage, filter.value);
    refresh();
  });
  filter.value = sessionStorage.getItem(storage) || "";
  refresh();
  return { toggle, choose, refresh, star, chosen: () => chosen, focus: () =>
    document.getElementById("class-list").focus({ preventScroll: true }) };
})();
