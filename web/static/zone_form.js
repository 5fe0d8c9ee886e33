"use strict";
// A click on a village of the map takes it into the zone, or out again; the list says which are in. The button of
// a town takes all its villages in, or out where they are all in.
(() => {
  const list = document.querySelector("[data-lf-members]");
  if (!list) return;
  function set(box, checked) {
    box.checked = checked;
    box.dispatchEvent(new Event("change", { bubbles: true }));
  }
  document.addEventListener("lf:row", (event) => {
    if (event.detail.from !== "map") return;
    const row = list.querySelector(`[data-id="${CSS.escape(String(event.detail.id))}"]`);
    if (!row) return;
    row.scrollIntoView({ block: "nearest" });
    const box = row.querySelector("input");
    set(box, !box.checked);
  });
  list.querySelectorAll("[data-lf-town]").forEach((button) => {
    button.addEventListener("click", () => {
      const boxes = [...button.closest("fieldset").querySelectorAll("input[type=checkbox]")];
      const all = boxes.every((box) => box.checked);
      boxes.forEach((box) => set(box, !all));
    });
  });
})();
