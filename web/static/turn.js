"use strict";
// Turning a camera: a handle on the map and sliders say azimuth, tilt and lens; the server answers what would be seen.
(() => {
  const page = document.querySelector("[data-lf-turn]");
  if (!page) return;
  const slider = document.getElementById("azimuth");
  const shown = document.getElementById("azimuth-shown");
  // A panorama has no lens to choose.
  const others = ["tilt", "hfov"].map((name) => document.getElementById(name)).filter(Boolean);
  const touched = new Set();
  const WAIT_MS = 120;
  const said = document.getElementById("turn-said");
  const REACH_M = 45;
  const STYLES = { detect: 0.08, observe: 0.16, recognise: 0.28, identify: 0.4 };
  let seen = null;
  let handle = null;
  let asked = 0;

  function small() {
    return (window.Lianfang.smallMaps || {})[`map-${page.dataset.map}`];
  }

  // A point REACH_M away in a direction: flat is exact enough at this distance.
  function ahead(azimuth) {
    const lat = Number(page.dataset.lat);
    const lon = Number(page.dataset.lon);
    const turn = (azimuth * Math.PI) / 180;
    return L.latLng(
      lat + (REACH_M * Math.cos(turn)) / 111320,
      lon + (REACH_M * Math.sin(turn)) / (111320 * Math.cos((lat * Math.PI) / 180)),
    );
  }

  function azimuthOf(point) {
    const lat = Number(page.dataset.lat);
    const east = (point.lng - Number(page.dataset.lon)) * Math.cos((lat * Math.PI) / 180);
    const turn = (Math.atan2(east, point.lat - lat) * 180) / Math.PI;
    return (Math.round(turn) + 360) % 360;
  }

  async function ask(azimuth) {
    const mine = ++asked;
    let answer;
    try {
      const query = new URLSearchParams({ azimuth });
      // What nobody moved stays as it is known, to more than whole degrees.
      for (const one of others) if (touched.has(one.id)) query.set(one.id, one.value);
      const response = await fetch(`${page.dataset.lfTurn}?${query}`);
      if (!response.ok) throw new Error(String(response.status));
      answer = await response.json();
    } catch {
      if (mine === asked) said.textContent = page.dataset.failed;
      return;
    }
    // A slow answer must not cover a newer one.
    if (mine !== asked) return;
    said.textContent = "";
    const map = small().map;
    if (seen) seen.remove();
    seen = L.geoJSON(answer, {
      interactive: false,
      style: (feature) => ({ color: "#2a788e", weight: 1, fillOpacity: STYLES[feature.id] || 0.1 }),
    }).addTo(map);
    for (const feature of answer.features) {
      const cell = page.querySelector(`[data-level="${feature.id}"]`);
      if (cell) cell.textContent = feature.properties.street;
      const places = page.querySelector(`[data-places="${feature.id}"]`);
      if (places) places.textContent = feature.properties.places;
    }
  }

  let waiting = null;
  function turn(azimuth, move) {
    slider.value = azimuth;
    shown.textContent = `${azimuth}°`;
    if (move && handle) handle.setLatLng(ahead(azimuth));
    clearTimeout(waiting);
    waiting = setTimeout(() => ask(azimuth), WAIT_MS);
  }

  function change(one) {
    touched.add(one.id);
    document.getElementById(`${one.id}-shown`).textContent = `${one.value}°`;
    turn(Number(slider.value), false);
  }

  function begin() {
    const drawn = small();
    if (!drawn) {
      setTimeout(begin, 50);
      return;
    }
    const icon = L.divIcon({ className: "lf-turn-handle", iconSize: [26, 26] });
    handle = L.marker(ahead(Number(slider.value)), { draggable: true, icon, keyboard: false }).addTo(drawn.map);
    handle.on("drag", () => turn(azimuthOf(handle.getLatLng()), false));
    handle.on("dragend", () => turn(azimuthOf(handle.getLatLng()), true));
    slider.addEventListener("input", () => turn(Number(slider.value), true));
    for (const one of others) one.addEventListener("input", () => change(one));
    drawn.map.setView([Number(page.dataset.lat), Number(page.dataset.lon)], 18, { animate: false });
    ask(Number(slider.value));
  }
  begin();
})();
