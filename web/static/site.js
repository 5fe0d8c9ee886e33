/* What every page does in the browser: HTMX under our policy, questions before deeds, short notices, keys,
   copying, and rows of tables that other parts of the page (a map) light and are lit by. */
(function () {
  "use strict";

  const texts = JSON.parse(document.getElementById("lf-texts")?.textContent || "{}");
  const Lianfang = (window.Lianfang = window.Lianfang || {});
  document.documentElement.classList.add("lf-js");

  /* Notices */
  Lianfang.toast = function (sentence, tone) {
    const box = document.getElementById("lf-toasts");
    if (!box || !sentence) return;
    // A page that asks every second would else say every second that nobody answers.
    if ([...box.children].some((one) => one.textContent === sentence)) return;
    const made = document.createElement("div");
    made.className = "lf-toast" + (tone ? " lf-toast-" + tone : "");
    made.textContent = sentence;
    box.append(made);
    setTimeout(() => made.remove(), tone === "bad" ? 9000 : 4000);
  };

  /* Links that go on with what the table shows now: its filters stand in the address. */
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-lf-with-query]");
    if (link) link.search = location.search;
  });

  /* HTMX: the token against forged requests, and what to do when an answer is no fragment. */
  document.addEventListener("htmx:configRequest", (event) => {
    const token = document.querySelector('meta[name="csrf-token"]');
    if (token && event.detail.verb !== "get") event.detail.headers["X-CSRFToken"] = token.content;
    if (event.detail.verb === "get") {
      // Empty filters stay out of the address.
      for (const [name, value] of [...event.detail.formData.entries()]) {
        if (value === "") event.detail.formData.delete(name);
      }
    }
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    const address = event.detail.xhr.responseURL;
    if (address && new URL(address).pathname === "/sign-in") {
      event.detail.shouldSwap = false;
      window.location.assign("/sign-in?next=" + encodeURIComponent(location.pathname + location.search));
    }
  });
  document.addEventListener("htmx:responseError", (event) => {
    const code = event.detail.xhr.status;
    if (code === 401) {
      window.location.assign("/sign-in?next=" + encodeURIComponent(location.pathname + location.search));
      return;
    }
    const said = { 403: texts.forbidden, 429: texts.slow_down }[code];
    Lianfang.toast(said || (texts.failed || "").replace("{code}", code), "bad");
  });
  document.addEventListener("htmx:sendError", () => Lianfang.toast(texts.offline, "bad"));

  /* Questions before deeds: forms with data-lf-confirm. */
  const dialog = document.getElementById("lf-confirm");
  let waiting = null;
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || !form.dataset.lfConfirm || form.dataset.lfSure || !dialog) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    waiting = { form, submitter: event.submitter };
    dialog.querySelector("#lf-confirm-text").textContent = form.dataset.lfConfirm;
    const yes = dialog.querySelector('[data-lf-answer="yes"]');
    yes.textContent = form.dataset.lfYes || event.submitter?.textContent.trim() || yes.textContent;
    const danger = form.hasAttribute("data-lf-danger");
    yes.classList.toggle("btn-danger", danger);
    yes.classList.toggle("btn-primary", !danger);
    dialog.showModal();
  }, true);
  dialog?.addEventListener("click", (event) => {
    const answer = event.target.closest("[data-lf-answer]")?.dataset.lfAnswer;
    if (!answer) return;
    dialog.close();
    if (answer === "yes" && waiting) {
      waiting.form.dataset.lfSure = "yes";
      waiting.form.requestSubmit(waiting.submitter || undefined);
      delete waiting.form.dataset.lfSure;
    }
    waiting = null;
  });

  /* Copying, opening and closing */
  document.addEventListener("click", async (event) => {
    const copy = event.target.closest("[data-lf-copy]");
    if (copy) {
      try {
        await navigator.clipboard.writeText(copy.dataset.lfCopy);
        Lianfang.toast(texts.copied);
      } catch {
        Lianfang.toast(texts.copy_failed, "bad");
      }
      return;
    }
    const toggle = event.target.closest("[data-lf-toggle]");
    if (toggle) {
      const opened = document.getElementById(toggle.dataset.lfToggle)?.classList.toggle("lf-opened");
      toggle.setAttribute("aria-expanded", String(!!opened));
    }
    const open = event.target.closest("[data-lf-open]");
    if (open) document.getElementById(open.dataset.lfOpen)?.showModal();
    if (event.target.closest("[data-lf-close]")) event.target.closest("dialog")?.close();
  });

  /* Rows. Lighting one tells the page with `lf:row`; whoever sends `lf:row` lights one. */
  let lit = null;
  function light(row) {
    if (lit && lit !== row) lit.classList.remove("lf-chosen");
    lit = row;
    row?.classList.add("lf-chosen");
  }
  Lianfang.tell = function (id, from) {
    document.dispatchEvent(new CustomEvent("lf:row", { detail: { id: String(id), from } }));
  };
  document.addEventListener("lf:row", (event) => {
    if (event.detail.from === "table") return;
    const row = document.querySelector(`tr[data-id="${CSS.escape(event.detail.id)}"], [data-lf-rows] [data-id="${CSS.escape(event.detail.id)}"]`);
    light(row);
    row?.scrollIntoView({ block: "nearest" });
  });
  document.addEventListener("click", (event) => {
    const row = event.target.closest(".lf-table tr[data-id], [data-lf-rows] [data-id]");
    if (!row || event.target.closest("a, button, input, select, label, summary")) return;
    if (String(window.getSelection())) return;
    const lights = row.closest(".lf-table-lights, [data-lf-rows]");
    if (!lights && row.dataset.href) {
      if (event.ctrlKey || event.metaKey) window.open(row.dataset.href, "_blank", "noopener");
      else window.location.assign(row.dataset.href);
      return;
    }
    light(row);
    Lianfang.tell(row.dataset.id, "table");
  });

  /* Keys */
  let before = "";
  function step(by) {
    const rows = [...document.querySelectorAll(".lf-table tbody tr[data-id]")];
    if (!rows.length) return;
    const at = rows.indexOf(lit);
    const next = rows[at < 0 ? (by > 0 ? 0 : rows.length - 1) : Math.min(rows.length - 1, Math.max(0, at + by))];
    light(next);
    next.scrollIntoView({ block: "nearest" });
    Lianfang.tell(next.dataset.id, "table");
  }
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const typing = event.target.closest?.("input, textarea, select, [contenteditable], dialog");
    if (typing) return;
    const key = event.key;
    const went = before === "g" && { h: "/", m: "/map" }[key];
    before = key;
    if (went) window.location.assign(went);
    else if (key === "?") document.getElementById("lf-shortcuts")?.showModal();
    else if (key === "/") {
      const search = document.querySelector("[data-lf-search]");
      if (search) {
        event.preventDefault();
        search.focus();
        search.select();
      }
    } else if (key === "j") step(1);
    else if (key === "k") step(-1);
    else if (key === "Enter" && lit?.dataset.href && event.target === document.body) {
      window.location.assign(lit.dataset.href);
    }
  });

  /* What scrolls sideways must be reachable by key. */
  function reach() {
    for (const box of document.querySelectorAll(".lf-card-body:has(.lf-plain-table)")) {
      if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
      else box.removeAttribute("tabindex");
    }
  }
  reach();
  window.addEventListener("resize", reach);
  document.addEventListener("htmx:load", reach);

  /* The switcher's search is ready to type in as soon as it opens. */
  document.addEventListener("shown.bs.dropdown", (event) => {
    event.target.parentElement?.querySelector(".lf-switcher-menu input")?.focus();
  });
})();
