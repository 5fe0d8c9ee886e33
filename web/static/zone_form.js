"use strict";
// A click on a village of the map takes it into the zone, or out again; the list says which are in.
(() => {
  const list = document.querySelector("[data-lf-members]");
  if (!list) return;
  document.addEventListener("lf:row", (event) => {
    if (event.detail.from !== "map") return;
    const row = [...list.children].find((one) => one.dataset.id === String(event.detail.id));
    if (!row) return;
    const box = row.querySelector("input");
    box.checked = !box.checked;
    row.scrollIntoView({ block: "nearest" });
    box.dispatchEvent(new Event("change", { bubbles: true }));
  });
})();
