/* Findings that are ticked for a work order: count them, tick all of a page. Rows may come anew. */
(function () {
  "use strict";
  const boxes = () => Array.from(document.querySelectorAll("[data-lf-pick]"));
  const bar = document.querySelector("[data-lf-picked-bar]");
  function tell() {
    const chosen = boxes().filter((box) => box.checked).length;
    for (const count of document.querySelectorAll("[data-lf-picked]")) count.textContent = String(chosen);
    if (bar) bar.hidden = chosen === 0;
  }
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-lf-pick]")) tell();
  });
  document.querySelector("[data-lf-pick-all]")?.addEventListener("click", () => {
    const all = boxes();
    const on = all.some((box) => !box.checked);
    for (const box of all) box.checked = on;
    tell();
  });
  document.body.addEventListener("htmx:afterSwap", tell);
  tell();
})();
