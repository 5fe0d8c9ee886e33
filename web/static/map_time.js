/* The time slider: a quarter of an hour of the analysed day (and of the patrol that follows), or the whole
   period. Tells `changed(slot, epoch seconds, inside)`; slot is null for the whole period. */
(function () {
  "use strict";

  const STEP_MS = 450; // of playing

  class TimeBar {
    constructor(box, o, changed) {
      this._o = o;
      this._changed = changed;
      this._range = box.querySelector("[data-time-range]");
      this._play = box.querySelector("[data-time-play]");
      this._whole = box.querySelector("[data-time-whole]");
      this._said = box.querySelector("[data-time-said]");
      this.slot = null;
      this._range.max = String(o.slots - 1);
      this._range.value = "0";
      this._range.addEventListener("input", () => this.show(Number(this._range.value)));
      this._whole.addEventListener("click", () => this.show(null));
      this._play.addEventListener("click", () => (this._ticking ? this.stop() : this.start()));
      box.addEventListener("keydown", (event) => {
        if (event.key === "Escape" && this.slot !== null) {
          this.show(null);
          event.stopPropagation();
        }
      });
      this.show(null);
    }

    /* Epoch seconds at which a slot begins. */
    begins(slot) {
      return this._o.start + slot * this._o.slot_s;
    }

    slotOf(seconds) {
      const slot = Math.floor((seconds - this._o.start) / this._o.slot_s);
      return slot >= 0 && slot < this._o.slots ? slot : null;
    }

    show(slot) {
      if (slot === null) this.stop();
      this.slot = slot;
      const { texts, whole, slots, analysed, zone } = this._o;
      let said;
      if (slot === null) {
        said = `${texts.whole_period}: ${whole}`;
      } else {
        this._range.value = String(slot);
        said = this._span(this.begins(slot), this.begins(slot + 1));
        if (slot >= analysed) said += ` · ${texts.after_analysis}`;
      }
      this._said.textContent = said;
      this._said.title = zone;
      this._range.setAttribute("aria-valuetext", said);
      this._whole.setAttribute("aria-pressed", String(slot === null));
      this._range.classList.toggle("lf-time-unset", slot === null);
      this._changed(slot, slot === null ? null : this.begins(slot), slots);
    }

    start() {
      this._ticking = setInterval(() => {
        const next = this.slot === null ? 0 : this.slot + 1;
        if (next >= this._o.slots) this.stop();
        else this.show(next);
      }, STEP_MS);
      this._label(true);
      if (this.slot === null || this.slot >= this._o.slots - 1) this.show(0);
    }

    stop() {
      clearInterval(this._ticking);
      this._ticking = null;
      this._label(false);
    }

    _label(playing) {
      const { texts } = this._o;
      this._play.setAttribute("aria-label", playing ? texts.pause : texts.play);
      this._play.title = playing ? texts.pause : texts.play;
      this._play.classList.toggle("lf-playing", playing);
    }

    /* "2026-11-22 19:30 – 19:45"; the date is said once where it is one day, midnight ends a day as 24:00. */
    _span(from, to) {
      this._day ||= new Intl.DateTimeFormat("sv-SE", { timeZone: this._o.zone, dateStyle: "short", timeStyle: "short" });
      const first = this._day.format(from * 1000);
      let last = this._day.format(to * 1000);
      if (last.endsWith("00:00")) last = `${this._day.format(to * 1000 - 60000).slice(0, 10)} 24:00`;
      return `${first} – ${last.slice(0, 10) === first.slice(0, 10) ? last.slice(11) : last}`;
    }
  }

  Lianfang.TimeBar = TimeBar;
})();
