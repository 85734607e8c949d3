// A placeholder's button puts it where the cursor stands, and the preview follows.
"use strict";
(() => {
  const box = document.getElementById("id_wording");

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-inserts]");
    if (!button || !box) return;
    box.focus();
    box.setRangeText(button.dataset.inserts, box.selectionStart, box.selectionEnd, "end");
    box.dispatchEvent(new Event("input", { bubbles: true }));
  });
})();
