// A list with a box for each row: tick all or none, and say how many are ticked.
"use strict";
(() => {
  for (const form of document.querySelectorAll("[data-chooses]")) {
    const boxes = [...form.querySelectorAll(`input[name="${form.dataset.chooses}"]`)];
    const all = form.querySelector("[data-choose-all]");
    const said = form.querySelector("[data-choose-count]");
    const everybody = form.querySelector('input[name="everybody"]');

    const say = () => {
      const ticked = boxes.filter((box) => box.checked).length;
      if (all) {
        all.checked = ticked > 0 && ticked === boxes.length;
        all.indeterminate = ticked > 0 && ticked < boxes.length;
      }
      for (const box of boxes) box.disabled = Boolean(everybody && everybody.checked);
      if (said) {
        const whole = everybody && everybody.checked;
        said.textContent = whole ? "" : ticked ? `${said.dataset.some} ${ticked}` : said.dataset.none;
      }
    };

    form.addEventListener("change", (event) => {
      if (event.target === all) for (const box of boxes) box.checked = all.checked;
      say();
    });
    say();
  }
})();
