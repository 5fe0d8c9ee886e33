"use strict";
// A click on a small map fills in the position of a form; the button takes the middle of the map, which the
// arrow keys move, so that it can be done without a mouse.
(() => {
  document.querySelectorAll("[data-lf-pick-point]").forEach((set) => {
    const held = (Lianfang.smallMaps || {})[set.dataset.lfPickPoint];
    const lon = set.querySelector('[name="lon"]');
    const lat = set.querySelector('[name="lat"]');
    if (!held || !lon || !lat) return;
    let mark = null;

    function show() {
      if (mark) mark.remove();
      mark = null;
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

    held.map.on("click", (event) => take(event.latlng));
    set.querySelector("[data-lf-middle]")?.addEventListener("click", () => take(held.map.getCenter()));
    set.querySelector("[data-lf-none]")?.addEventListener("click", () => {
      lon.value = lat.value = "";
      show();
    });
    [lon, lat].forEach((input) => input.addEventListener("input", show));
    show();
  });
})();
