/* Draws the charts of components/chart.html with ECharts, in our colours. Tooltips are drawn on the canvas:
   as HTML they would need inline styles, which the page's policy forbids. */
(function () {
  "use strict";

  const COLOURS = ["#1c6170", "#d55e00", "#0072b2", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000"];
  const still = window.matchMedia("(prefers-reduced-motion: reduce)");
  const font = getComputedStyle(document.body).fontFamily;
  const INK = "#1b1f23", SOFT = "#59626a", LINE = "#d8dcdf", HAIR = "#e9ebed";

  function said(value, spec) {
    if (value === null || value === undefined) return "–";
    if (spec.kind === "share") return (100 * value).toLocaleString("en", { maximumFractionDigits: 1 }) + " %";
    const words = value.toLocaleString("en", { maximumFractionDigits: spec.digits || 0 });
    return spec.unit ? words + " " + spec.unit : words;
  }

  function series(one, at, spec) {
    const line = spec.kind === "line" || spec.kind === "share";
    const colour = one.colour || COLOURS[at % COLOURS.length];
    const made = { type: line ? "line" : "bar", name: one.name, data: one.values, color: colour };
    if (line) {
      Object.assign(made, { showSymbol: one.values.length < 40, symbolSize: 5, connectNulls: false });
      made.lineStyle = { width: 2, type: one.dashed ? "dashed" : "solid" };
    } else {
      made.barMaxWidth = 28;
    }
    if (spec.kind === "stacked") made.stack = "all";
    return made;
  }

  function options(spec) {
    const names = {
      type: "category",
      data: spec.x,
      inverse: !!spec.turned,
      axisTick: { show: false },
      axisLine: { lineStyle: { color: "#8b949b" } },
      axisLabel: { color: SOFT, fontSize: 12, hideOverlap: true },
    };
    const values = {
      type: "value",
      min: 0,
      max: spec.kind === "share" && spec.whole ? 1 : undefined,
      minInterval: spec.kind === "share" || spec.digits ? undefined : 1,
      splitNumber: 4,
      splitLine: { lineStyle: { color: HAIR } },
      axisLabel: {
        color: SOFT,
        fontSize: 12,
        formatter: (value) => said(value, { kind: spec.kind, digits: spec.digits }),
      },
    };
    return {
      animation: !still.matches,
      animationDuration: 250,
      textStyle: { fontFamily: font, color: INK },
      grid: { left: 4, right: 14, top: spec.series.length > 1 ? 32 : 12, bottom: 4, containLabel: true },
      legend: {
        show: spec.series.length > 1,
        type: "scroll",
        top: 0,
        left: 0,
        icon: "roundRect",
        itemWidth: 12,
        itemHeight: 8,
        textStyle: { color: INK, fontSize: 14, fontFamily: font },
      },
      tooltip: {
        trigger: "axis",
        renderMode: "richText",
        confine: true,
        axisPointer: { type: spec.kind === "line" || spec.kind === "share" ? "line" : "shadow" },
        backgroundColor: "#ffffff",
        borderColor: LINE,
        textStyle: { color: INK, fontSize: 14, fontFamily: font },
        valueFormatter: (value) => said(value, spec),
      },
      xAxis: spec.turned ? values : names,
      yAxis: spec.turned ? names : values,
      series: spec.series.map((one, at) => series(one, at, spec)),
    };
  }

  function draw(box) {
    const spec = JSON.parse(document.getElementById(box.dataset.lfChart).textContent);
    const chart = echarts.init(box, null, { renderer: "canvas" });
    chart.setOption(options(spec));
    if (spec.links) {
      chart.on("click", (event) => {
        if (spec.links[event.dataIndex]) window.location.assign(spec.links[event.dataIndex]);
      });
    }
    new ResizeObserver(() => chart.resize()).observe(box);
    box.dataset.lfDrawn = "yes";
  }

  function drawAll(root) {
    root.querySelectorAll("[data-lf-chart]:not([data-lf-drawn])").forEach(draw);
  }
  drawAll(document);
  document.addEventListener("htmx:load", (event) => drawAll(event.detail.elt.parentElement || document));
})();
