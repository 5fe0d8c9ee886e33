/* The search box: "/" goes there, arrows move among what was found, Enter goes to the first or the chosen. */
(function () {
  "use strict";

  function search(box, go) {
    const input = box.querySelector("input[type=search]");
    const found = box.querySelector("[data-found]");
    let chosen = -1;

    const options = () => [...found.querySelectorAll("[role=option]")];

    function choose(index) {
      const all = options();
      chosen = all.length ? (index + all.length) % all.length : -1;
      all.forEach((option, i) => option.setAttribute("aria-selected", String(i === chosen)));
      if (chosen < 0) input.removeAttribute("aria-activedescendant");
      else {
        input.setAttribute("aria-activedescendant", all[chosen].id);
        all[chosen].scrollIntoView({ block: "nearest" });
      }
    }

    function open(shown) {
      found.hidden = !shown;
      input.setAttribute("aria-expanded", String(shown));
      if (!shown) choose(-1);
    }

    function take(option) {
      open(false);
      input.blur();
      go(option);
    }

    input.addEventListener("keydown", (event) => {
      const all = options();
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        if (!all.length) return;
        open(true);
        choose(event.key === "ArrowDown" ? chosen + 1 : chosen < 0 ? all.length - 1 : chosen - 1);
        event.preventDefault();
      } else if (event.key === "Enter") {
        event.preventDefault();
        if (all.length && !found.hidden) take(all[Math.max(chosen, 0)]);
      } else if (event.key === "Escape") {
        if (!found.hidden) open(false);
        else input.value = "";
        event.stopPropagation();
      }
    });
    input.addEventListener("input", () => {
      if (!input.value.trim()) open(false);
    });
    input.addEventListener("focus", () => open(options().length > 0 && input.value.trim() !== ""));
    found.addEventListener("htmx:afterSwap", () => {
      chosen = -1;
      open(input.value.trim() !== "");
    });
    // Not click: the box closes as soon as the input loses the focus.
    found.addEventListener("mousedown", (event) => event.preventDefault());
    found.addEventListener("click", (event) => {
      const option = event.target.closest("[role=option]");
      if (option) take(option);
    });
    box.addEventListener("focusout", (event) => {
      if (!box.contains(event.relatedTarget)) open(false);
    });
    document.addEventListener("keydown", (event) => {
      const typing = event.target.closest("input, textarea, select, [contenteditable]");
      if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || (typing && typing.type !== "range" && typing.type !== "checkbox" && typing.type !== "radio")) return;
      event.preventDefault();
      input.focus();
      input.select();
    });
  }

  Lianfang.search = search;
})();
