"use strict";
// A click on a small map fills in the position of a form; the button takes the middle of the map, which the
// arrow keys move, so that it can be done without a mouse.
(() => {
  // A form that moves something takes the click while its box is ticked, and no other form does.
  const moving = () => document.querySelector('[name="move"]:checked');
  document.querySelectorAll("[data-lf-pick-point]").forEach((set) => {
    const held = (Lianfang.smallMaps || {})[set.dataset.lfPickPoint];
    const lon = set.querySelector('[name="lon"]');
    const lat = set.querySelector('[name="lat"]');
    if (!held || !lon || !lat) return;
    const move = set.closest("form")?.querySelector('[name="move"]');
    let mark = null;

    function show() {
      if (mark) mark.remove();
      mark = null;
      if (move && !move.checked) return;
      const at = [parseFloat(lat.value), parseFloat(lon.value)];
      if (at.some(Number.isNaN)) return;
      mark = L.circleMarker(at, { radius: 9, color: "#ffffff", weight: 3, fillColor: "#d55e00", fillOpacity: 1 });
      mark.addTo(held.map);
    }

    function take(at) {
      lon.value = at.lng.toFixed(6);
      lat.value = at.lat.toFixed(6);
      show();
    }

    held.map.on("click", (event) => {
      if (move ? move.checked : !moving()) take(event.latlng);
    });
    move?.addEventListener("change", show);
    set.querySelector("[data-lf-middle]")?.addEventListener("click", () => take(held.map.getCenter()));
    set.querySelector("[data-lf-none]")?.addEventListener("click", () => {
      lon.value = lat.value = "";
      show();
    });
    [lon, lat].forEach((input) => input.addEventListener("input", show));
    show();
  });
})();
