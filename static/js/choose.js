// A list with a box for each row: tick all or none, and say how many are ticked. The list may come
// later (htmx), so the page listens, not the list.
"use strict";
(() => {
  const say = (form) => {
    const boxes = [...form.querySelectorAll(`input[name="${form.dataset.chooses}"]`)];
    const all = form.querySelector("[data-choose-all]");
    const said = form.querySelector("[data-choose-count]");
    const whole = Boolean(form.querySelector('input[name="everybody"]')?.checked);
    const ticked = boxes.filter((box) => box.checked).length;
    if (all) {
      all.checked = ticked > 0 && ticked === boxes.length;
      all.indeterminate = ticked > 0 && ticked < boxes.length;
    }
    for (const box of boxes) box.disabled = whole;
    if (said) {
      said.textContent = whole ? "" : ticked ? `${said.dataset.some} ${ticked}` : said.dataset.none;
    }
  };
  const sayAll = () => document.querySelectorAll("[data-chooses]").forEach(say);

  document.addEventListener("change", (event) => {
    const form = event.target.closest("[data-chooses]");
    if (!form) return;
    if (event.target.matches("[data-choose-all]")) {
      for (const box of form.querySelectorAll(`input[name="${form.dataset.chooses}"]`)) {
        box.checked = event.target.checked;
      }
    }
    say(form);
  });
  document.addEventListener("htmx:afterSwap", sayAll);
  sayAll();
})();
