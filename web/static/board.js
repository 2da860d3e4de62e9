// Charts drawn from the tables beneath them: every bar is a cell, and leads where the cell's link leads.
"use strict";

(() => {
  const TONES = {
    blue: "#1b5db4", amber: "#b87a00", red: "#b00020",
    over: "#b00020", today: "#c2450d", soon: "#b87a00", paused: "#5f7d98", normal: "#0d6b3d", waiting: "#9aa5b4",
  };
  const FONT = getComputedStyle(document.body).fontFamily;
  const text = (color = "#333e4b") => ({ fontFamily: FONT, fontSize: 12, color });

  const read = (figure) => {
    const table = figure.querySelector("table");
    const heads = [...table.tHead.rows[0].cells].slice(1);
    const rows = [...table.tBodies[0].rows].map((row) => ({
      name: row.cells[0].textContent.trim(),
      tone: row.dataset.tone,
      href: row.dataset.href,
      cells: [...row.cells].slice(1).map((cell) => ({
        value: Number(cell.textContent),
        href: cell.querySelector("a")?.getAttribute("href") ?? row.dataset.href,
      })),
    }));
    const series = heads
      .map((head, place) => ({ place, name: head.textContent.trim(), tone: head.dataset.tone, skip: "skip" in head.dataset }))
      .filter((one) => !one.skip);
    return { rows, series, points: (place) => rows.map((row) => row.cells[place]) };
  };

  const base = (more, kind = "") => ({
    animation: false,
    aria: { enabled: true, label: { enabled: false }, decal: { show: kind === "stack" } },
    textStyle: text(),
    tooltip: { trigger: "axis", renderMode: "richText", axisPointer: { type: "shadow" }, confine: true },
    ...more,
  });
  const legend = { top: 0, left: "center", itemHeight: 10, textStyle: text() };
  const counts = { type: "value", minInterval: 1, axisLabel: text(), splitLine: { lineStyle: { color: "#e3e7ee" } } };
  const names = (values, width) => ({
    type: "category", data: values, axisTick: { show: false },
    axisLabel: { ...text(), width, overflow: "truncate" },
  });

  const OPTIONS = {
    trend: ({ rows, series, points }) => base({
      legend,
      grid: { top: 30, left: 8, right: 12, bottom: 4, outerBoundsMode: "same" },
      xAxis: { ...names(rows.map((row) => row.name)), axisLabel: { ...text(), formatter: (days) => days.split("～")[0] } },
      yAxis: counts,
      series: series.map((one, n) => ({
        name: one.name,
        type: n ? "line" : "bar",
        data: points(one.place),
        symbol: ["rect", "circle", "triangle"][n],
        symbolSize: 7,
        itemStyle: { color: TONES[one.tone] },
        lineStyle: { type: n === 2 ? "dashed" : "solid" },
        barMaxWidth: 34,
      })),
    }),
    bars: ({ rows, series, points }) => base({
      grid: { top: 6, left: 8, right: 40, bottom: 4, outerBoundsMode: "same" },
      yAxis: { ...names(rows.map((row) => row.name)), inverse: true },
      xAxis: counts,
      series: series.map((one) => ({
        name: one.name,
        type: "bar",
        barMaxWidth: 26,
        label: { show: true, position: "right", ...text() },
        data: points(one.place).map((point, n) => ({ ...point, itemStyle: { color: TONES[rows[n].tone] } })),
      })),
    }),
    stack: ({ rows, series, points }) => base({
      legend: { ...legend, itemWidth: 14, itemGap: 8 },
      grid: { top: 30, left: 8, right: 16, bottom: 4, outerBoundsMode: "same" },
      yAxis: { ...names(rows.slice(0, 12).map((row) => row.name), 120), inverse: true },
      xAxis: counts,
      series: series.map((one) => ({
        name: one.name,
        type: "bar",
        stack: "all",
        barMaxWidth: 22,
        itemStyle: { color: TONES[one.tone], borderColor: "#fff", borderWidth: 1 },
        data: points(one.place).slice(0, 12),
      })),
    }, "stack"),
    stages: ({ rows, series, points }) => base({
      legend,
      grid: { top: 30, left: 8, right: 50, bottom: 4, outerBoundsMode: "same" },
      yAxis: { ...names(rows.map((row) => row.name), 110), inverse: true },
      xAxis: counts,
      series: series.map((one, n) => ({
        name: one.name,
        type: "bar",
        barMaxWidth: 11,
        label: {
          show: n === 1, position: "right", ...text(),
          formatter: ({ dataIndex }) => series.map((each) => rows[dataIndex].cells[each.place].value).join(" / "),
        },
        itemStyle: { color: TONES[one.tone] },
        data: points(one.place),
      })),
    }),
    heat: ({ rows, series }) => {
      const cells = rows.flatMap((row, y) => series.map((one, x) => ({
        value: [x, y, row.cells[one.place].value], href: row.cells[one.place].href,
      })));
      return base({
        tooltip: {
          renderMode: "richText", confine: true,
          formatter: ({ value }) => `${rows[value[1]].name} ${series[value[0]].name}：${value[2]} 件`,
        },
        grid: { top: 4, left: 8, right: 8, bottom: 36, outerBoundsMode: "same" },
        xAxis: { ...names(series.map((one) => one.name)), splitArea: { show: false } },
        yAxis: { ...names(rows.map((row) => row.name)), inverse: true },
        visualMap: {
          min: 0, max: Math.max(1, ...cells.map((cell) => cell.value[2])), calculable: false, orient: "horizontal",
          left: "center", bottom: 0, itemHeight: 120, itemWidth: 10, textStyle: text(),
          text: ["多", "少"], inRange: { color: ["#f4f7fb", "#9dbfe6", "#1b5db4", "#0b2d61"] },
        },
        series: [{
          type: "heatmap", data: cells, itemStyle: { borderColor: "#fff", borderWidth: 1 },
          label: {
            show: true, fontFamily: FONT, fontSize: 11, color: "#1b2430", textBorderColor: "#fff", textBorderWidth: 2,
            formatter: ({ value }) => (value[2] ? String(value[2]) : ""),
          },
        }],
      });
    },
  };

  const charts = [];
  for (const figure of document.querySelectorAll("[data-chart]")) {
    const canvas = figure.querySelector(".canvas");
    if (!canvas || !window.echarts) continue;
    const found = read(figure);
    if (!found.rows.length) continue;
    figure.classList.add("drawn");
    figure.querySelector("details").open = false;
    const chart = window.echarts.init(canvas, null, { renderer: "canvas" });
    chart.setOption(OPTIONS[figure.dataset.chart](found));
    chart.on("click", ({ data }) => {
      if (data?.href) window.location.assign(data.href);
    });
    charts.push(chart);
  }
  // Paper gets a picture of each chart: a canvas keeps the width of the screen.
  const picture = (chart) => {
    const canvas = chart.getDom();
    const image = canvas.nextElementSibling?.matches("img.on-paper") ? canvas.nextElementSibling : new Image();
    image.className = "on-paper";
    image.alt = canvas.getAttribute("aria-label") ?? "";
    image.src = chart.getDataURL({ pixelRatio: 2, backgroundColor: "#fff" });
    canvas.after(image);
  };
  let waiting = 0;
  const drawAll = () => charts.forEach((chart) => { chart.resize(); picture(chart); });
  setTimeout(() => charts.forEach(picture));
  window.addEventListener("resize", () => {
    clearTimeout(waiting);
    waiting = setTimeout(drawAll, 150);
  });
})();
