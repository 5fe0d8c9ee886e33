"use strict";
// A visit goes to another team by mouse, by key or from its menu; the server works out what that means and sends
// the board anew. Nothing is stored here: undo and redo are boards that were there before.
(() => {
  const texts = JSON.parse(document.getElementById("hand-texts")?.textContent || "null");
  const menu = document.getElementById("hand-menu");
  const status = document.getElementById("hand-said");
  if (!texts || !menu || !status) return;
  const START_PX = 5;
  const SVG = "http://www.w3.org/2000/svg";
  const board = () => document.getElementById("hand");
  const words = (name, values) => texts[name].replace(/\{(\w+)\}/g, (_, key) => values[key]);
  const say = (sentence) => { status.textContent = sentence; };

  /* What is on the board */
  const rows = () => [...board().querySelectorAll("[data-hand-row]")];
  const rowOf = (code) => rows().find((row) => row.dataset.handRow === code);
  const visitsOf = (row) => [...row.querySelectorAll("[data-hand-visit]")];
  const middle = (visit) => {
    const box = visit.querySelector("rect").getBoundingClientRect();
    return box.left + box.width / 2;
  };
  // A visit comes from a team's line, a stop that nobody visits from nowhere.
  function thing(element) {
    if (element.dataset.handStop) {
      return { stop: element.dataset.handStop, number: element.dataset.number, element };
    }
    const row = element.closest("[data-hand-row]");
    return {
      stop: element.dataset.stop, number: element.dataset.number, element,
      team: row.dataset.handRow, place: Number(element.dataset.place),
    };
  }

  /* Steps: each asks the server, and can be taken back. */
  const past = [];
  let future = [];
  const first = board().dataset.handOrders;
  let busy = false;

  function buttons() {
    for (const button of board().querySelectorAll("[data-hand-do]")) {
      const able = { undo: past.length, redo: future.length, over: board().dataset.handOrders !== first };
      button.disabled = !able[button.dataset.handDo];
    }
  }

  async function ask(orders, step) {
    if (busy) return false;
    busy = true;
    board().setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(board().dataset.handTry, {
        method: "POST",
        headers: { "X-CSRFToken": document.querySelector('meta[name="csrf-token"]')?.content || "" },
        body: new URLSearchParams({ orders, ...step }),
      });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.getElementById("hand");
      if (!fresh) {
        Lianfang.toast(texts.failed, "bad");
        return false;
      }
      const opened = board().querySelector("[data-hand-list]").open;
      const scrolled = board().querySelector(".lf-strip-box").scrollLeft;
      board().replaceWith(document.adoptNode(fresh));
      board().querySelector("[data-hand-list]").open = opened;
      board().querySelector(".lf-strip-box").scrollLeft = scrolled;
      say(board().querySelector("[role=alert]")?.textContent.trim() || board().dataset.handNow);
      return answer.ok;
    } catch {
      Lianfang.toast(texts.failed, "bad");
      return false;
    } finally {
      busy = false;
      board().removeAttribute("aria-busy");
      buttons();
    }
  }

  async function take(step, held) {
    const before = board().dataset.handOrders;
    if (!(await ask(before, step)) || board().dataset.handOrders === before) return;
    past.push(before);
    future = [];
    buttons();
    focusOn(step.to, held.stop);
  }

  async function back(from, to) {
    const now = board().dataset.handOrders;
    const wanted = from[from.length - 1];
    if (wanted === undefined || !(await ask(wanted, {}))) return;
    from.pop();
    to.push(now);
    buttons();
  }

  function focusOn(code, stop) {
    const row = code && rowOf(code);
    const visit = row && visitsOf(row).find((one) => one.dataset.stop === stop);
    if (visit && matchMedia("(min-width: 768px)").matches) hold(visit);
  }

  // One visit of a line is reached with Tab, the others with the arrow keys.
  function hold(visit) {
    visitsOf(visit.closest("[data-hand-row]")).forEach((one) => one.setAttribute("tabindex", one === visit ? 0 : -1));
    visit.focus();
  }

  board().parentElement.addEventListener("click", (event) => {
    const button = event.target.closest("[data-hand-do]");
    if (!button) return;
    if (button.dataset.handDo === "undo") back(past, future);
    else if (button.dataset.handDo === "redo") back(future, past);
    else if (board().dataset.handOrders !== first) {
      const now = board().dataset.handOrders;
      ask(first, {}).then((done) => {
        if (!done) return;
        past.push(now);
        future = [];
        buttons();
      });
    }
  });

  /* Where something would go: before the visit at `at` of a line, or in exchange for it. */
  let mark = null;
  function unmark() {
    mark?.remove();
    mark = null;
    board().querySelectorAll(".lf-hand-swap, .lf-hand-over").forEach((one) => one.classList.remove("lf-hand-swap", "lf-hand-over"));
  }
  function show(target) {
    unmark();
    if (!target) return;
    if (target.nobody) {
      board().querySelector("[data-hand-nobody]").classList.add("lf-hand-over");
      return;
    }
    const visits = visitsOf(target.row);
    if (target.swap) {
      visits[target.at].classList.add("lf-hand-swap");
      return;
    }
    const svg = target.row.querySelector("svg");
    const box = svg.getBoundingClientRect();
    const edge = (visit, side) => visit.querySelector("rect").getBoundingClientRect()[side] - box.left;
    let x = 4;
    if (visits.length) x = target.at < visits.length ? edge(visits[target.at], "left") : edge(visits[visits.length - 1], "right");
    mark = document.createElementNS(SVG, "rect");
    mark.setAttribute("class", "lf-hand-mark");
    mark.setAttribute("x", Math.max(0, x - 2));
    mark.setAttribute("y", 0);
    mark.setAttribute("width", 4);
    mark.setAttribute("height", 36);
    svg.append(mark);
  }
  function told(target) {
    if (target.nobody) return "";
    const visits = visitsOf(target.row);
    const team = target.row.dataset.handName;
    if (target.swap) return words("swap", { team, stop: visits[target.at].dataset.number });
    if (target.at < visits.length) return words("before", { team, stop: visits[target.at].dataset.number });
    return words("after", { team });
  }
  // A visit dropped beside itself, or onto itself, stays.
  function stays(held, target) {
    if (!target) return true;
    if (target.nobody) return held.team === undefined;
    if (held.team !== target.row.dataset.handRow) return false;
    return target.at === held.place || (!target.swap && target.at === held.place + 1);
  }
  function drop(held, target) {
    unmark();
    if (stays(held, target)) {
      say(words("back", { stop: held.number }));
      return;
    }
    const from = held.team === undefined ? { stop: held.stop } : { team: held.team, place: held.place };
    if (target.nobody) take({ step: "out", ...from }, held);
    else {
      const to = { to: target.row.dataset.handRow, at: target.at };
      take({ step: held.team === undefined ? "come" : target.swap ? "swap" : "move", ...from, ...to }, held);
    }
  }

  /* By mouse or pen. A finger scrolls, and opens the menu. */
  let drag = null;
  function aim(event, held) {
    const under = document.elementFromPoint(event.clientX, event.clientY);
    if (under?.closest("[data-hand-nobody]")) return { nobody: true };
    const row = under?.closest("[data-hand-row]");
    if (!row) return null;
    const visits = visitsOf(row);
    const at = visits.filter((visit) => middle(visit) < event.clientX).length;
    const over = under.closest("[data-hand-visit]");
    if (over && held.team !== undefined && over !== held.element) {
      const box = over.querySelector("rect").getBoundingClientRect();
      const share = (event.clientX - box.left) / box.width;
      if (share > 0.25 && share < 0.75) return { row, at: visits.indexOf(over), swap: true };
    }
    return { row, at };
  }
  function let_go() {
    drag?.ghost?.remove();
    drag?.held.element.classList.remove("lf-hand-held");
    drag = null;
    unmark();
  }
  document.addEventListener("pointerdown", (event) => {
    const element = event.target.closest?.("[data-hand-visit], [data-hand-stop]");
    if (!element || event.button || busy || event.pointerType === "touch") return;
    drop_held();
    drag = { held: thing(element), x: event.clientX, y: event.clientY, ghost: null };
    if (element.dataset.handVisit !== undefined) event.preventDefault();
  });
  document.addEventListener("pointermove", (event) => {
    if (!drag) return;
    if (!drag.ghost) {
      if (Math.hypot(event.clientX - drag.x, event.clientY - drag.y) < START_PX) return;
      drag.ghost = document.createElement("div");
      drag.ghost.className = "lf-hand-ghost";
      drag.ghost.textContent = drag.held.number;
      document.body.append(drag.ghost);
      drag.held.element.classList.add("lf-hand-held");
    }
    drag.ghost.style.left = `${event.clientX + 12}px`;
    drag.ghost.style.top = `${event.clientY + 12}px`;
    show(aim(event, drag.held));
  });
  let dragged = false;
  document.addEventListener("pointerup", (event) => {
    if (!drag) return;
    const { held, ghost } = drag;
    const target = ghost ? aim(event, held) : null;
    let_go();
    dragged = Boolean(ghost);
    if (ghost) drop(held, target);
    else if (held.team !== undefined) hold(held.element);
  });
  document.addEventListener("pointercancel", let_go);
  document.addEventListener("click", (event) => {
    if (dragged) {
      dragged = false;
      return;
    }
    const button = event.target.closest?.("[data-hand-menu]");
    if (button) {
      const row = rowOf(button.dataset.handMenu);
      open(thing(visitsOf(row)[Number(button.dataset.place)]));
      return;
    }
    const element = event.target.closest?.("[data-hand-visit], [data-hand-stop]");
    // A key on a stop nobody visits is a click without a mouse: it picks it up.
    if (element && !(element.dataset.handStop && event.detail === 0)) open(thing(element));
  });

  /* By key */
  let held = null;
  let target = null;
  function drop_held() {
    held?.element.classList.remove("lf-hand-held");
    held?.element.setAttribute("aria-pressed", "false");
    held = target = null;
    unmark();
  }
  function pick_up(element) {
    held = thing(element);
    element.classList.add("lf-hand-held");
    element.setAttribute("aria-pressed", "true");
    const row = held.team === undefined ? rows()[0] : rowOf(held.team);
    target = { row, at: held.place ?? 0 };
    show(target);
    say(words("held", { stop: held.number }));
  }
  function turn(by) {
    // Before, in exchange for, before, … ; a stop that nobody visits has nothing to give in exchange.
    const step = held.team === undefined ? 2 : 1;
    const last = 2 * visitsOf(target.row).length;
    let at = 2 * target.at + (target.swap ? 1 : 0);
    do at += by * step;
    while (at >= 0 && at <= last && stays(held, { row: target.row, at: at >> 1, swap: at % 2 === 1 }) && at % 2 === 1);
    at = Math.min(last, Math.max(0, at));
    target = { row: target.row, at: at >> 1, swap: at % 2 === 1 };
  }
  function climb(by) {
    const all = rows();
    const visits = visitsOf(target.row);
    const near = visits[Math.min(target.at, visits.length - 1)];
    const x = near ? middle(near) : 0;
    const row = all[Math.min(all.length - 1, Math.max(0, all.indexOf(target.row) + by))];
    target = { row, at: visitsOf(row).filter((visit) => middle(visit) < x).length };
  }
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || menu.open) return;
    if (event.key === "Escape" && drag) {
      say(words("back", { stop: drag.held.number }));
      let_go();
      return;
    }
    const element = event.target.closest?.("[data-hand-visit], [data-hand-stop]");
    if (!element || busy) return;
    const arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    const enters = event.key === "Enter" || event.key === " ";
    if (!arrows && !enters && event.key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation();
    if (held && event.key === "Escape") {
      say(words("back", { stop: held.number }));
      drop_held();
    } else if (held && enters) {
      const [what, where] = [held, target];
      drop_held();
      drop(what, where);
    } else if (held && arrows) {
      if (arrows[0]) turn(arrows[0]);
      else climb(arrows[1]);
      show(target);
      say(told(target));
    } else if (enters) {
      pick_up(element);
    } else if (arrows && element.dataset.handVisit !== undefined) {
      step_to(element, arrows);
    }
  }, true);
  function step_to(element, [along, across]) {
    const row = element.closest("[data-hand-row]");
    const visits = visitsOf(row);
    if (along) {
      const next = visits[visits.indexOf(element) + along];
      if (next) hold(next);
      return;
    }
    const all = rows().filter((one) => visitsOf(one).length);
    const other = all[all.indexOf(row) + across];
    if (!other) return;
    const x = middle(element);
    hold(visitsOf(other).reduce((a, b) => (Math.abs(middle(b) - x) < Math.abs(middle(a) - x) ? b : a)));
  }

  /* From its menu: on a phone, and for whoever likes words. */
  const to = menu.querySelector("#hand-to");
  const at = menu.querySelector("#hand-at");
  let chosen = null;
  function option(value, text) {
    const made = document.createElement("option");
    made.value = value;
    made.textContent = text;
    return made;
  }
  function places() {
    const row = rowOf(to.value);
    const team = row.dataset.handName;
    const choices = [option("", texts.best)];
    visitsOf(row).forEach((visit, number) => {
      const stop = visit.dataset.number;
      if (visit === chosen.element) return;
      choices.push(option(`move:${number}`, words("before", { team, stop })));
      if (chosen.team !== undefined) choices.push(option(`swap:${number}`, words("swap", { team, stop })));
    });
    choices.push(option(`move:${visitsOf(row).length}`, words("after", { team })));
    at.replaceChildren(...choices);
  }
  function open(what) {
    if (busy) return;
    drop_held();
    chosen = what;
    menu.querySelector("h2").textContent = words("title", { stop: what.number });
    to.replaceChildren(...rows().map((row) => option(row.dataset.handRow, row.dataset.handName)));
    if (what.team !== undefined) to.value = what.team;
    places();
    menu.querySelector('[data-hand-deed="out"]').hidden = what.team === undefined;
    menu.showModal();
  }
  to.addEventListener("change", places);
  menu.addEventListener("click", (event) => {
    const deed = event.target.closest("[data-hand-deed]")?.dataset.handDeed;
    if (!deed || !chosen) return;
    menu.close();
    const from = chosen.team === undefined ? { stop: chosen.stop } : { team: chosen.team, place: chosen.place };
    if (deed === "out") {
      take({ step: "out", ...from }, chosen);
      return;
    }
    const [kind, place] = at.value ? at.value.split(":") : ["move", ""];
    const step = chosen.team === undefined ? "come" : kind;
    take({ step, ...from, to: to.value, at: place }, chosen);
  });
  buttons();
})();
