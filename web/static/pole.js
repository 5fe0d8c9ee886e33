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

  function takeFix() {
    if (!window.isSecureContext || !navigator.geolocation) {
      say("fix", form.dataset.noSecure);
      return;
    }
    say("fix", form.dataset.waiting);
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        written("lon").value = coords.longitude.toFixed(6);
        written("lat").value = coords.latitude.toFixed(6);
        written("accuracy_m").value = coords.accuracy.toFixed(1);
        say("fix", form.dataset.fixed.replace("{m}", Math.round(coords.accuracy)));
      },
      () => say("fix", form.dataset.noFix),
      { enableHighAccuracy: true, timeout: 20000, maximumAge: 0 },
    );
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
    const name = "ondeviceorientationabsolute" in window ? "deviceorientationabsolute" : "deviceorientation";
    const heard = (event) => {
      // Safari gives the heading itself; elsewhere alpha turns the other way, and only an absolute one is north.
      const heading =
        event.webkitCompassHeading ?? (event.absolute && event.alpha !== null ? 360 - event.alpha : null);
      if (heading === null) return;
      stop();
      const degrees = Math.round(heading) % 360;
      written("direction").value = String(degrees);
      say("compass", form.dataset.turned.replace("{d}", degrees));
    };
    const stop = () => {
      window.removeEventListener(name, heard);
      window.clearTimeout(timer);
    };
    const timer = window.setTimeout(() => {
      stop();
      say("compass", form.dataset.noCompass);
    }, PATIENCE_MS);
    window.addEventListener(name, heard);
  }

  form.querySelector('[data-lf-take="fix"]').addEventListener("click", takeFix);
  form.querySelector('[data-lf-take="compass"]').addEventListener("click", takeCompass);
})();
