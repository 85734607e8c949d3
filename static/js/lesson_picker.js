// The five values, large, in a row that opens below what was tapped.
"use strict";
const lessonPicker = (() => {
  const template = document.getElementById("picker");
  if (!template) return null;
  let row = null;
  let opener = null;
  // Cell → what was typed there and not yet given with a value: closing loses nothing.
  const drafts = new Map();
  let draftOf = null;
  let asOpened = "";

  function close() {
    if (!row) return;
    keepDraft();
    row.remove();
    row = null;
    const back = opener;
    opener = null;
    if (back && back.isConnected) {
      back.setAttribute("aria-expanded", "false");
      back.focus({ preventScroll: true });
    }
  }

  function keepDraft() {
    if (!draftOf || JSON.stringify(details()) === asOpened) return;
    drafts.set(draftOf, details());
  }

  function fill({ note = "", device = "", setting = "" }) {
    row.querySelector("[data-picker-note]").value = note;
    for (const [name, value] of [["picker-device", device], ["picker-setting", setting]]) {
      const box = value && row.querySelector(`[name=${name}][value=${value}]`);
      if (box) box.checked = true;
    }
    if (note || device || setting) row.querySelector("details").open = true;
  }

  function details() {
    const checked = (name) => row.querySelector(`[name=${name}]:checked`)?.value || "";
    return {
      note: row.querySelector("[data-picker-note]").value.trim(),
      device: checked("picker-device"),
      setting: checked("picker-setting"),
    };
  }

  // choose(value, details): value is null for "not looked at after all".
  // draft names the cell whose typed note outlives closing; details are those it has by now.
  function open({ from, after, title, current, canTakeBack, draft, details: known, choose }) {
    const again = opener === from;
    close();
    if (again) return;
    opener = from;
    from.setAttribute("aria-expanded", "true");
    row = template.content.cloneNode(true).querySelector("tr");
    row.firstElementChild.colSpan = document.querySelectorAll("#board thead th").length;
    row.querySelector("[data-picker-title]").textContent = title;
    row.querySelector(".picker").setAttribute("aria-label", title);
    row.querySelector("[data-picker-back]").hidden = !canTakeBack;
    after.after(row);
    draftOf = draft || null;
    asOpened = JSON.stringify({ note: "", device: "", setting: "", ...known });
    fill(drafts.get(draft) || known || {});
    const buttons = Array.from(row.querySelectorAll(".picker-value"));
    buttons.forEach((button) => {
      button.setAttribute("aria-pressed", String(button.dataset.value === current));
    });
    row.addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (!button) return;
      const more = details();
      const isGiven = button.dataset.value !== undefined || "pickerBack" in button.dataset;
      if (isGiven) {
        drafts.delete(draftOf);
        draftOf = null;
      }
      if (button.dataset.value !== undefined) {
        close();
        choose(Number(button.dataset.value), more);
      } else if ("pickerBack" in button.dataset) {
        close();
        choose(null, more);
      } else if ("pickerClose" in button.dataset) close();
    });
    row.addEventListener("keydown", (event) => {
      const at = buttons.indexOf(document.activeElement);
      if (event.key === "Escape") close();
      else if (event.target.matches("input[type=text]")) return;
      else if (/^[0-4]$/.test(event.key)) buttons[Number(event.key)].click();
      else if (at >= 0 && ["ArrowLeft", "ArrowRight"].includes(event.key)) {
        const step = event.key === "ArrowRight" ? 1 : buttons.length - 1;
        buttons[(at + step) % buttons.length].focus();
      } else return;
      event.preventDefault();
      event.stopPropagation();
    });
    (buttons.find((button) => button.dataset.value === current) || buttons[0]).focus({
      preventScroll: true,
    });
    row.scrollIntoView({ block: "nearest" });
  }

  return { open, close, isOpen: () => Boolean(row) };
})();
