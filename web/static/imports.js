/* Files dropped on a page, and the columns of another kind shown as soon as it is chosen. */
(function () {
  "use strict";

  for (const box of document.querySelectorAll("[data-lf-drop]")) {
    const input = box.querySelector('input[type="file"]');
    for (const name of ["dragenter", "dragover"]) {
      box.addEventListener(name, (event) => {
        event.preventDefault();
        box.classList.add("lf-over");
      });
    }
    for (const name of ["dragleave", "drop"]) {
      box.addEventListener(name, () => box.classList.remove("lf-over"));
    }
    box.addEventListener("drop", (event) => {
      event.preventDefault();
      if (!event.dataTransfer.files.length) return;
      input.files = event.dataTransfer.files;
      input.dispatchEvent(new Event("change", { bubbles: true }));
    });
  }

  const form = document.querySelector("[data-lf-kind-form]");
  form?.elements.namedItem("kind")?.addEventListener("change", () => {
    // What is still missing is asked for when the rows are to be checked.
    form.noValidate = true;
    form.requestSubmit();
  });
})();
