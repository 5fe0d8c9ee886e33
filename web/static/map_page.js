/* The map page: joins tiles, legend, lists, time, search and address. What is picked on the map is lit in the
   lists, and the other way round. Folium's script calls Lianfang.tileLayer for every layer and then openMap. */
(function () {
  "use strict";

  const narrow = window.matchMedia("(max-width: 767.98px)");
  const CLICK_AGAIN = 6; // pixels: a second click on the same spot takes what lies below

  function tileLayer(map, name) {
    (map.lianfangLayers = map.lianfangLayers || []).push(name);
  }

  class MapPage {
    constructor(map, o) {
      this.map = map;
      this.o = o;
      this.look = { on: new Set(), hidden: new Set(), level: o.level, slot: null, now: null, lit: null, team: null, reached: null };
      this.plan = null;
      this.ring = null;
      this.told = new Set();
      this.inputs = [...document.querySelectorAll("[data-input]")];
      this.card = document.getElementById("map-card");
      this.panel = document.getElementById("panel");
      o.layers = Object.fromEntries((map.lianfangLayers || []).map((name) => [name, o.layers[name]]));
    }

    /* First what asks the server, then what waits for the reader; each in a task of its own, since together they
       would keep the page from drawing for a tenth of a second. */
    open() {
      const { map, o } = this;
      const state = Lianfang.address.read();
      for (const input of this.inputs) {
        if (state.on.has(input.dataset.input)) input.checked = true;
        if (state.off.has(input.dataset.input)) input.checked = false;
      }
      this._read();
      if (state.at) map.setView(state.at.slice(1), state.at[0], { animate: false });
      else map.fitBounds(o.bounds, Lianfang.ROOM);
      const steps = [
        () => this._layers(),
        () => this.under.addTo(map),
        () => this.over.addTo(map),
        () => Lianfang.controls(this),
        () => this._panel(),
        () => this._picking(),
        () => this._timeBar(state),
        () => this._begin(state),
      ];
      const next = () => {
        steps.shift()();
        if (steps.length) setTimeout(next, 0);
      };
      setTimeout(next, 0);
    }

    _timeBar(state) {
      const box = document.querySelector("[data-time]");
      if (box) this.time = new Lianfang.TimeBar(box, this.o.time, (slot, now) => this._timeChanged(slot, now));
      if (state.time && this.time) this.time.show(this.time.slotOf(state.time));
    }

    _begin(state) {
      const { map } = this;
      if (state.picked) this.pick(state.picked);
      if (this.look.on.has("routes")) this.loadPlan();
      map.on("moveend", () => this.moved());
      this.moved();
      new ResizeObserver(() => this.printing || map.invalidateSize({ animate: false })).observe(map.getContainer());
      this.ready = true;
    }

    /* Layers */

    _layers() {
      const { map, o, look } = this;
      this.store = new Lianfang.tiles.Store((name) => o.layers[name].url.replace("{level}", look.level), (status, name) => this._trouble(status, name));
      const { under, over } = Lianfang.looks.layers(look, o);
      const common = { maxZoom: o.maxZoom, bounds: o.limits };
      if (o.basemap) Lianfang.basemap(map, o.basemap);
      this.under = new Lianfang.tiles.Grid(this.store, under, { pane: "areas", ...common });
      this.over = new Lianfang.tiles.Grid(this.store, over, { pane: "things", ...common });
      this.overlay = new Lianfang.Overlay(() => this._scene()).addTo(map);
      this._busy();
      // Names follow their areas as these come in, one drawing for a burst of tiles.
      this.under.on("drawn", () => {
        clearTimeout(this._naming);
        this._naming = setTimeout(() => this.overlay.redraw(), 60);
      });
    }

    _scene() {
      const { look, o, plan, ring } = this;
      const named = look.on.has("jurisdictions") && this.under._map;
      const areas = named ? Lianfang.areaNames(this.under, o.lang === "en") : [];
      return { areas, plan, look, ring, teamColours: o.teamColours, yellow: o.teamColours[o.yellow - 1] };
    }

    redraw() {
      this.under.refresh();
      this.over.refresh();
      this.overlay.redraw();
    }

    async loadPlan() {
      if (!this.o.plan || this.plan || this._asking) return;
      this._asking = true;
      try {
        const answer = await fetch(this.o.plan.url, { credentials: "same-origin" });
        if (!answer.ok) throw new Error(String(answer.status));
        this.plan = Lianfang.unpackedPlan(await answer.json());
        if (this.time) this._timeChanged(this.time.slot, this.look.now);
        this.overlay.redraw();
      } catch (error) {
        this._trouble(Number(error.message) || 0, "routes");
      }
      this._asking = false;
    }

    _timeChanged(slot, now) {
      const { look, o } = this;
      look.slot = slot === null ? null : Math.min(slot, o.time.analysed - 1);
      look.now = now;
      const inShift = now !== null && this.plan && now >= this.plan.start && now < this.plan.end;
      look.reached = inShift ? Lianfang.reached(this.plan, now) : null;
      this.over.refresh();
      this.overlay.redraw();
      this.remember();
    }

    /* Told once, not for every tile; told again when it happens after a new try. */
    _trouble(status, layer) {
      const { texts } = this.o;
      const kind = status === 403 ? `403 ${layer}` : String(status);
      if (this.told.has(kind)) return;
      this.told.add(kind);
      const words = texts.trouble[status] || texts.trouble.other;
      const box = document.getElementById("map-trouble");
      box.querySelector("[data-said]").textContent = words.replace("{layer}", texts.layers[layer] || layer).replace("{status}", status || texts.no_answer);
      box.querySelector("[data-sign-in]").hidden = status !== 401;
      box.querySelector("[data-retry]").hidden = status === 401 || status === 403;
      box.hidden = false;
    }

    _busy() {
      const main = this.map.getContainer().closest("main");
      let timer = null;
      this.store.onpending = (pending) => {
        clearTimeout(timer);
        // Not at once: tiles from the browser's own store come faster than a bar is seen.
        timer = setTimeout(() => main.setAttribute("aria-busy", String(pending > 0)), pending ? 200 : 0);
      };
      const box = document.getElementById("map-trouble");
      box.querySelector("[data-retry]").addEventListener("click", () => {
        box.hidden = true;
        this.told.clear();
        this.over.retry();
        this.under.retry();
        this.loadPlan();
      });
      box.querySelector("[data-close]").addEventListener("click", () => (box.hidden = true));
    }

    /* Panel */

    _panel() {
      const toggle = document.getElementById("panel-toggle");
      this.openPanel = (open) => {
        this.panel.classList.toggle("lf-closed", !open);
        toggle.setAttribute("aria-expanded", String(open));
      };
      toggle.addEventListener("click", () => this.openPanel(this.panel.classList.contains("lf-closed")));
      this.openPanel(!narrow.matches);
      narrow.addEventListener("change", () => this.openPanel(!narrow.matches));
      this.inputs.forEach((input) => input.addEventListener("change", () => this.switched()));
      this.panel.addEventListener("click", (event) => {
        const row = event.target.closest("[data-feature]");
        if (row) this.go(row);
        const figure = event.target.closest("[data-tab]");
        if (figure && figure.dataset.tab) bootstrap.Tab.getOrCreateInstance(`#tab-${figure.dataset.tab}`).show();
      });
      this.panel.addEventListener("change", (event) => {
        const { team } = event.target.dataset;
        if (team === undefined) return;
        this.look.hidden[event.target.checked ? "delete" : "add"](team);
        this.redraw();
      });
      // "toggle" does not bubble.
      this.panel.addEventListener("toggle", (event) => {
        const { teamCode } = event.target.dataset;
        if (teamCode === undefined) return;
        if (event.target.open) this.look.team = teamCode;
        else if (this.look.team === teamCode) this.look.team = null;
        this.redraw();
      }, true);
      this.panel.addEventListener("shown.bs.tab", () => this._askLists());
      this.panel.addEventListener("htmx:afterSwap", () => this._light());
      for (const choice of document.querySelectorAll("#map-choice select")) {
        choice.addEventListener("change", () => choice.form.requestSubmit());
      }
      document.getElementById("map-choice")?.addEventListener("submit", (event) => {
        // What is on and where we look stays; the picked thing belongs to the old analysis.
        event.target.action = `/map${Lianfang.address.text(this, { picked: false })}`;
      });
      Lianfang.search(document.querySelector("[data-search]"), (option) => this.go(option));
    }

    _read() {
      const { look } = this;
      look.on = new Set(this.inputs.filter((input) => input.checked).map((input) => input.dataset.input));
      const level = this.inputs.find((input) => input.dataset.level && input.checked);
      if (level) look.level = level.dataset.level;
      document.querySelector(".lf-map-scale")?.toggleAttribute("hidden", !look.on.has("jurisdictions"));
    }

    switched() {
      this._read();
      if (this.look.on.has("routes")) this.loadPlan();
      this.redraw();
      this.remember();
    }

    moved() {
      const bounds = this.map.getBounds(), near = (value) => value.toFixed(5);
      const bbox = [bounds.getWest(), bounds.getSouth(), bounds.getEast(), bounds.getNorth()].map(near).join(",");
      document.querySelectorAll("[data-bbox]").forEach((input) => (input.value = bbox));
      document.querySelectorAll("[data-far-of]").forEach((note) => {
        const names = note.dataset.farOf.split(" ").filter((name) => this.o.layers[name]);
        note.hidden = !names.length || names.some((name) => this.over.isFar(name) !== "far");
      });
      clearTimeout(this._asks);
      this._asks = setTimeout(() => this._askLists(true), 350);
      this.remember();
    }

    /* The list of the tab that is open; those that follow the view after every move, the others once. */
    _askLists(viewOnly) {
      const pane = this.panel.querySelector(".tab-pane.active");
      const form = pane && pane.querySelector("[data-list]");
      if (!form || this.panel.classList.contains("lf-closed")) return;
      const follows = form.dataset.list === "view" || form.querySelector("[name=within]:checked");
      if (viewOnly ? !follows : form.dataset.asked && !follows) return;
      form.dataset.asked = "yes";
      htmx.trigger(form, "lf-again");
    }

    /* Picking */

    _picking() {
      const { map } = this;
      let last = null;
      map.on("click", (event) => {
        const all = this._under(event);
        if (!all.length) {
          this.unpick();
          last = null;
          return;
        }
        const again = last && last.point.distanceTo(event.containerPoint) <= CLICK_AGAIN && last.count === all.length;
        const turn = again ? (last.turn + 1) % all.length : 0;
        last = { point: event.containerPoint, count: all.length, turn };
        if (all[turn].layer === "cells") map.setView(event.latlng, Math.min(map.getZoom() + 2, this.o.maxZoom));
        else this.pick(`${all[turn].layer}:${all[turn].id}`, { props: all[turn].props, below: all.length - 1 });
      });
      // A right click, or a long press: who saw this spot?
      map.on("contextmenu", ({ latlng }) => {
        if (!this.o.footage) return;
        const link = document.createElement("a");
        link.href = `/footage?lon=${latlng.lng.toFixed(6)}&lat=${latlng.lat.toFixed(6)}`;
        link.textContent = this.o.footage;
        L.popup().setLatLng(latlng).setContent(link).openOn(map);
      });
      let waiting = false;
      map.on("mousemove", (event) => {
        if (waiting || map.dragging.moving()) return;
        waiting = true;
        requestAnimationFrame(() => {
          waiting = false;
          const [top] = this._under(event);
          map.getContainer().classList.toggle("lf-over", Boolean(top));
        });
      });
      this.card.addEventListener("htmx:afterSwap", () => this._cardCame());
      this.card.addEventListener("click", (event) => {
        if (event.target.closest("[data-close]")) this.unpick();
        const link = event.target.closest("[data-feature]");
        if (link && link.tagName === "BUTTON") this.go(link);
      });
      document.addEventListener("keydown", (event) => {
        if (event.key === "Escape" && !event.defaultPrevented) this.unpick();
      });
    }

    /* Everything at a point, the uppermost first: [{layer, id, props}]. */
    _under(event) {
      const sign = this.overlay.hit(event.containerPoint);
      const found = [...this.over.hit(event.latlng), ...this.under.hit(event.latlng)];
      const all = found.map(({ layer, feature }) => ({ layer, id: Lianfang.looks.idOf(feature), props: feature.props }));
      const seen = new Set();
      return [...(sign ? [sign] : []), ...all].filter(({ layer, id }) => {
        const key = layer === "cells" ? layer : `${layer}:${id}`;
        return !seen.has(key) && seen.add(key);
      });
    }

    /* Pick a thing: light it here and in the lists, and ask for its card. */
    pick(ref, { props = {}, below = 0 } = {}) {
      const [layer, id] = ref.split(":");
      this.look.lit = { layer, id, code: props.code };
      this.ring = null;
      this.below = below;
      this._light();
      this.redraw();
      this.remember();
      const query = new URLSearchParams(this.o.choice).toString();
      htmx.ajax("GET", `${this.o.feature}/${layer}/${encodeURIComponent(id)}?${query}`, { target: this.card, swap: "innerHTML" });
    }

    unpick() {
      if (!this.look.lit) return;
      this.look.lit = this.ring = null;
      this.card.hidden = true;
      this.card.replaceChildren();
      this._light();
      this.redraw();
      this.remember();
    }

    /* From a row, a search result or a link: to its place, and pick it. */
    go(row) {
      const { feature, bounds } = row.dataset;
      if (narrow.matches) this.openPanel(false);
      if (bounds) {
        const [west, south, east, north] = bounds.split(",").map(Number);
        // Not animated: a long flight would ask for the tiles of every place on its way.
        this.map.fitBounds([[south, west], [north, east]], { animate: false, maxZoom: 18, padding: [60, 60] });
      }
      this._turnOn(feature.split(":")[0], row.dataset.cause);
      this.pick(feature, { props: row.dataset });
    }

    /* A thing one went to is seen, even if its layer was off. */
    _turnOn(layer, cause) {
      const wanted = { gaps: `gaps-${cause}`, routes: "routes", zones: "zones", cameras: null, siting: null, jurisdictions: "jurisdictions" }[layer];
      const input = wanted && this.inputs.find((one) => one.dataset.input === wanted);
      if (!input || input.checked) return;
      input.checked = true;
      this.switched();
    }

    _cardCame() {
      const { card, look } = this;
      const told = card.querySelector("[data-card]");
      if (!told) return;
      card.hidden = false;
      card.scrollTop = 0;
      const more = card.querySelector("[data-below]");
      if (more) more.hidden = !this.below;
      const [lon, lat] = (told.dataset.at || "").split(",").map(Number);
      this.ring = told.dataset.at ? L.latLng(lat, lon) : null;
      if (look.lit) look.lit.code = told.dataset.code;
      this._uncover();
      const tab = told.dataset.list && document.getElementById(`tab-${told.dataset.list}`);
      if (tab && !narrow.matches) bootstrap.Tab.getOrCreateInstance(tab).show();
      this._light();
      this.redraw();
    }

    /* What is picked is neither out of view nor under its own card. */
    _uncover() {
      const { map, card, ring } = this;
      if (!ring) return;
      if (!map.getBounds().pad(-0.02).contains(ring)) map.panTo(ring, { animate: false });
      const at = map.latLngToContainerPoint(ring), room = 40;
      const left = card.offsetLeft - room, top = card.offsetTop - room, bottom = card.offsetTop + card.offsetHeight + room;
      if (at.x < left || at.y < top || at.y > bottom) return;
      if (narrow.matches) map.panBy([0, at.y - top], { animate: false });
      else map.panBy([at.x - left, 0], { animate: false });
    }

    /* The row of what is picked, put on top of its list where the list has not come as far. */
    _light() {
      this.panel.querySelectorAll(".lf-row-lit").forEach((row) => row.classList.remove("lf-row-lit"));
      const told = this.card.querySelector("[data-card]");
      const slots = this.panel.querySelectorAll("[data-picked]");
      if (!this.look.lit) {
        slots.forEach((slot) => slot.replaceChildren());
        return;
      }
      const ref = `${this.look.lit.layer}:${this.look.lit.id}`;
      const rows = () => [...this.panel.querySelectorAll(`[data-feature="${CSS.escape(ref)}"]`)];
      const listed = rows().filter((row) => !row.closest("[data-picked]"));
      const template = told && told.dataset.card === ref && this.card.querySelector("template[data-row]");
      slots.forEach((slot) => slot.replaceChildren());
      if (!listed.length && template) {
        const slot = this.panel.querySelector(`[data-picked="${told.dataset.list}"]`);
        if (slot) slot.append(template.content.cloneNode(true));
      }
      for (const row of rows()) {
        row.classList.add("lf-row-lit");
        const team = row.closest("details[data-team-code]");
        if (team) team.open = true;
        if (row.offsetParent) row.scrollIntoView({ block: "nearest" });
      }
    }

    /* Address */

    /* Not at once: a browser takes its time over the address, and panning would write it at every step. */
    remember() {
      if (!this.ready) return;
      clearTimeout(this._writing);
      this._writing = setTimeout(() => {
        history.replaceState(null, "", location.pathname + location.search + Lianfang.address.text(this));
      }, 200);
    }
  }

  function openMap(map, id) {
    const page = new MapPage(map, JSON.parse(document.getElementById(id).textContent));
    Lianfang.map = map;
    Lianfang.page = page;
    page.open();
  }

  Object.assign(Lianfang, { tileLayer, openMap });
})();
