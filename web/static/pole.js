"use strict";
// At the pole: position and compass of the phone, written into the form where a person sees and may mend them.
(() => {
  const form = document.querySelector("[data-lf-pole]");
  if (!form) return;
  const say = (about, words) => {
    form.querySelector(`[data-lf-said="${about}"]`).textContent = words;
  };
  const written = (name) => form.elements.namedItem(name);
  // How long to listen for a compass that does not speak.
  const PATIENCE_MS = 4000;
  // A hand trembles: the mean of what is heard for so long.
  const LISTEN_MS = 1000;
  // Below this the phone lies rather flat: its back looks at the ground, its upper edge tells the way.
  const UPRIGHT = Math.sin((40 * Math.PI) / 180);

  function takeFix() {
    if (!window.isSecureContext || !navigator.geolocation) {
      say("fix", form.dataset.noSecure);
      return;
    }
    say("fix", form.dataset.waiting);
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        if (coords.accuracy > Number(form.dataset.worst)) {
          say("fix", form.dataset.vague.replace("{m}", Math.round(coords.accuracy)));
          return;
        }
        written("lon").value = coords.longitude.toFixed(6);
        written("lat").value = coords.latitude.toFixed(6);
        written("datum").value = "wgs84";
        written("accuracy_m").value = coords.accuracy.toFixed(1);
        say("fix", form.dataset.fixed.replace("{m}", Math.round(coords.accuracy)));
      },
      () => say("fix", form.dataset.noFix),
      { enableHighAccuracy: true, timeout: 20000, maximumAge: 0 },
    );
  }

  /* Magnetic heading in degrees from the angles of the Device Orientation specification (Z–X′–Y″): where the
     back of a phone held upright looks, however it is turned, or the upper edge of a flat one. */
  function headingOf({ alpha, beta, gamma }) {
    if (alpha === null || beta === null || gamma === null) return null;
    const [a, b, g] = [alpha, beta, gamma].map((degrees) => (degrees * Math.PI) / 180);
    const east = -Math.cos(a) * Math.sin(g) - Math.sin(a) * Math.sin(b) * Math.cos(g);
    const north = -Math.sin(a) * Math.sin(g) + Math.cos(a) * Math.sin(b) * Math.cos(g);
    if (Math.hypot(east, north) >= UPRIGHT) return (Math.atan2(east, north) * 180) / Math.PI;
    return 360 - alpha + (screen.orientation?.angle ?? 0);
  }

  function meanOf(headings) {
    let [east, north] = [0, 0];
    for (const heading of headings) {
      east += Math.sin((heading * Math.PI) / 180);
      north += Math.cos((heading * Math.PI) / 180);
    }
    return ((Math.atan2(east, north) * 180) / Math.PI + 360) % 360;
  }

  async function takeCompass() {
    if (!window.isSecureContext || !window.DeviceOrientationEvent) {
      say("compass", form.dataset.noSecure);
      return;
    }
    // Safari wants to be asked, within the tap.
    if (DeviceOrientationEvent.requestPermission) {
      const answer = await DeviceOrientationEvent.requestPermission().catch(() => "denied");
      if (answer !== "granted") {
        say("compass", form.dataset.noCompass);
        return;
      }
    }
    say("compass", form.dataset.waiting);
    const headings = [];
    const name = "ondeviceorientationabsolute" in window ? "deviceorientationabsolute" : "deviceorientation";
    const heard = (event) => {
      // Safari gives the heading itself; elsewhere only an absolute attitude knows where north is.
      const heading = event.webkitCompassHeading ?? (event.absolute ? headingOf(event) : null);
      if (heading === null) return;
      if (!headings.length) window.setTimeout(take, LISTEN_MS);
      headings.push(heading);
    };
    const take = () => {
      stop();
      const read = meanOf(headings);
      const degrees = Math.round(read + Number(form.dataset.declination) + 360) % 360;
      written("direction").value = String(degrees);
      say("compass", form.dataset.turned.replace("{d}", degrees).replace("{r}", Math.round(read) % 360));
    };
    const stop = () => {
      window.removeEventListener(name, heard);
      window.clearTimeout(timer);
    };
    const timer = window.setTimeout(() => {
      if (headings.length) return;
      stop();
      say("compass", form.dataset.noCompass);
    }, PATIENCE_MS);
    window.addEventListener(name, heard);
  }

  // What is written by hand was not fixed by the phone.
  for (const name of ["lon", "lat", "datum"]) {
    written(name).addEventListener("input", () => {
      written("accuracy_m").value = "";
    });
  }
  form.querySelector('[data-lf-take="fix"]').addEventListener("click", takeFix);
  form.querySelector('[data-lf-take="compass"]').addEventListener("click", takeCompass);
})();
