"use strict";
// Spot checks: printing, and a question before verdicts that are not saved are left behind.
(() => {
  document.querySelector("[data-lf-print]")?.addEventListener("click", () => window.print());
  const form = document.querySelector("[data-lf-verdicts]");
  if (!form) return;
  let unsaved = false;
  form.addEventListener("input", () => {
    unsaved = true;
  });
  form.addEventListener("submit", () => {
    unsaved = false;
  });
  window.addEventListener("beforeunload", (event) => {
    if (unsaved) event.preventDefault();
  });
})();
