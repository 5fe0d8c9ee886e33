"use strict";
// The place of a question: a click on the map writes it into the form.
(() => {
  const form = document.querySelector("[data-lf-footage]");
  if (!form) return;
  const written = (name) => form.elements.namedItem(name);
  let mark = null;

  function take(map, { lat, lng }) {
    written("lon").value = lng.toFixed(6);
    written("lat").value = lat.toFixed(6);
    written("datum").value = "wgs84";
    written("more").value = "";
    show(map);
  }

  function show(map) {
    const lat = Number(written("lat").value);
    const lon = Number(written("lon").value);
    // A mark for coordinates of another datum would stand in the wrong street.
    const known = written("lat").value && written("lon").value && Number.isFinite(lat) && Number.isFinite(lon);
    if (mark) mark.remove();
    mark = null;
    if (!known || !["wgs84", "cgcs2000"].includes(written("datum").value)) return;
    mark = L.circleMarker([lat, lon], { radius: 7, color: "#d55e00", weight: 3, fillOpacity: 0.4 }).addTo(map);
  }

  function begin() {
    const drawn = (window.Lianfang?.smallMaps || {})[`map-${form.dataset.lfFootage}`];
    if (!drawn) {
      setTimeout(begin, 50);
      return;
    }
    drawn.map.on("click contextmenu", (event) => take(drawn.map, event.latlng));
    for (const name of ["lon", "lat", "datum"]) written(name).addEventListener("change", () => show(drawn.map));
    show(drawn.map);
  }
  begin();
})();
