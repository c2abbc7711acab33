"use strict";
(() => {
  const report = JSON.parse(document.getElementById("report-data").textContent);
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const touch = matchMedia("(pointer: coarse)");
  const state = { unit: "steps", printing: false };
  const printWidth = 660;

  function decoded(text) {
    if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
    const characters = atob(text);
    const bytes = new Uint8Array(characters.length);
    for (let place = 0; place < bytes.length; place += 1) bytes[place] = characters.charCodeAt(place);
    return bytes;
  }

  /* Plotly's script is kept deflated: that halves the page. */
  async function loadPlotly() {
    const inflating = new DecompressionStream("deflate");
    const writer = inflating.writable.getWriter();
    writer.write(decoded(document.getElementById("plotly-deflated").textContent));
    writer.close();
    const script = document.createElement("script");
    script.textContent = await new Response(inflating.readable).text();
    document.head.append(script);
  }

  /* Colours in charts are names of the style sheet's variables: under these keys alone, so that no name is taken for one. */
  function themed(value, key, style) {
    if (Array.isArray(value)) return value.map((entry) => themed(entry, key, style));
    if (value && typeof value === "object") {
      return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, themed(entry, name, style)]));
    }
    const isColor = /color$|^colorscale$/.test(key) && typeof value === "string" && value.startsWith("--");
    return isColor ? style.getPropertyValue(value).trim() : value;
  }

  function inEpochs(chart) {
    const epoch = (x) => (x + 1) / chart.stepsPerEpoch;
    const data = chart.data.map((trace) => ({ ...trace, x: trace.x.map(epoch) }));
    const shapes = (chart.layout.shapes || []).map((shape) =>
      shape.xref === "paper" ? shape : { ...shape, x0: epoch(shape.x0), x1: epoch(shape.x1) });
    const xaxis = { ...chart.layout.xaxis, title: { text: "epoch" } };
    return { ...chart, data, layout: { ...chart.layout, shapes, xaxis } };
  }

  function axis(own, style) {
    const color = (name) => style.getPropertyValue(name).trim();
    return {
      // Nothing overflows with automargin, and measuring whether it does takes a quarter of the time of drawing.
      automargin: true, ticklabeloverflow: "allow", gridcolor: color("--line"), linecolor: color("--muted"), zeroline: false, showline: true,
      tickcolor: color("--muted"), ...own, title: { standoff: 8, font: { size: 13 }, ...(own || {}).title },
    };
  }

  function draw(name) {
    const element = document.querySelector(`[data-chart="${name}"]`);
    const source = report.charts[name];
    if (!element || !source) return null;
    const style = getComputedStyle(root);
    const counted = state.unit === "epochs" && source.stepsPerEpoch ? inEpochs(source) : source;
    const chart = themed(counted, "", style);
    const color = (variable) => style.getPropertyValue(variable).trim();
    const layout = {
      font: { family: "system-ui, sans-serif", size: 12, color: color("--ink") },
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
      margin: { l: 48, r: 14, t: 8, b: 44 },
      legend: { orientation: "h", x: 0, y: 1.02, yanchor: "bottom", font: { size: 12 }, traceorder: "normal", entrywidth: 0 },
      hoverlabel: { bgcolor: color("--wash"), bordercolor: color("--line"), font: { color: color("--ink") }, namelength: -1 },
      dragmode: touch.matches ? false : "zoom",
      uirevision: state.unit,
      ...chart.layout,
      xaxis: axis(chart.layout.xaxis, style), yaxis: axis(chart.layout.yaxis, style),
    };
    if (state.printing) layout.width = printWidth; else layout.autosize = true;
    const options = { displayModeBar: false, responsive: true, doubleClick: "reset+autosize" };
    const isNew = !element.classList.contains("js-plotly-plot");
    const drawn = Plotly.react(element, chart.data, layout, options);
    if (isNew) listen(element, name);
    return drawn;
  }

  function listen(element, name) {
    const reset = document.querySelector(`[data-reset="${name}"]`);
    element.on("plotly_relayout", (event) => {
      if (!reset || state.printing) return;
      if (Object.keys(event).some((key) => /range\[0\]$/.test(key))) reset.hidden = false;
      if (Object.keys(event).some((key) => /autorange$|range$/.test(key))) reset.hidden = true;
    });
    element.on("plotly_click", (event) => {
      const [classes, point] = [report.confusionClasses, event.points[0]];
      if (name === "confusion") showCell(classes[point.y], classes[point.x]);
    });
    if (reset) {
      reset.addEventListener("click", () => {
        Plotly.purge(element);
        draw(name);
        reset.hidden = true;
      });
    }
  }

  const drawAll = () => Promise.all(Object.keys(report.charts).map(draw));

  function element(tag, className, text) {
    const made = document.createElement(tag);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  }

  function valueText(value) {
    return report.measure === "probability" ? `${(100 * value).toFixed(1)}%` : value.toPrecision(3);
  }

  function tile(index) {
    const tiles = report.tiles;
    const [truth, predicted] = [tiles.labels[index], tiles.predicted[index]];
    const [trueName, predictedName] = [report.classes[truth], report.classes[predicted]];
    const item = element("li");
    const image = element("img");
    image.decoding = "async";
    image.src = `data:image/webp;base64,${tiles.images[index]}`;
    image.alt = `Row ${tiles.rows[index]}: ${trueName}, taken for ${truth === predicted ? "one" : predictedName}`;
    const names = element("p", "tile-names");
    names.append(element("b", "", trueName), truth === predicted ? " ✓" : ` → ${predictedName}`);
    const values = element("ul", "tile-values");
    tiles.classes[index].forEach((number, place) => {
      const value = tiles.values[index][place];
      const entry = element("li");
      entry.style.setProperty("--width", report.measure === "probability" ? `${100 * value}%` : "0%");
      entry.append(element("span", "", report.classes[number]), element("span", "", valueText(value)));
      values.append(entry);
    });
    item.append(image, names, values);
    return item;
  }

  /* Some tiles, and a button for the others. */
  function fill(list, indices, most) {
    list.replaceChildren(...indices.slice(0, most).map(tile));
    const old = list.nextElementSibling;
    if (old && old.classList.contains("more")) old.remove();
    const rest = indices.slice(most);
    if (!rest.length) return;
    const button = element("button", "more", `Show ${rest.length} more`);
    button.type = "button";
    button.addEventListener("click", () => {
      list.append(...rest.map(tile));
      list.children[most].tabIndex = -1;
      list.children[most].focus();
      button.remove();
    });
    list.after(button);
  }

  function showCell(truth, predicted) {
    const list = document.getElementById("cell-tiles");
    if (!list) return;
    const tiles = report.tiles;
    const found = tiles.order.filter((index) => tiles.labels[index] === truth && tiles.predicted[index] === predicted);
    const shown = found.slice(0, report.imagesOfCell);
    const [row, column] = [truth, predicted].map((label) => report.confusionClasses.indexOf(label));
    const count = report.confusion[row][column];
    const what = truth === predicted ? `${report.classes[truth]}, recognised`
      : `${report.classes[truth]}, taken for ${report.classes[predicted]}`;
    const some = shown.length < count ? `, ${shown.length} of them shown` : "";
    document.getElementById("cell-heading").textContent = what;
    document.getElementById("cell-message").textContent = `${count} row${count === 1 ? "" : "s"}${some}. The largest ${report.measure} first.`;
    list.replaceChildren(...shown.map(tile));
    for (const cell of document.querySelectorAll(".cell")) {
      cell.setAttribute("aria-pressed", Number(cell.dataset.true) === truth && Number(cell.dataset.predicted) === predicted);
    }
  }

  /* One cell is in the tab order; the arrow keys lead to the others. */
  function listenToCells() {
    const cells = [...document.querySelectorAll(".cell")];
    const open = cells.filter((cell) => !cell.disabled);
    const at = (row, column) => cells.find((c) => Number(c.dataset.true) === row && Number(c.dataset.predicted) === column);
    const makeCurrent = (cell) => cells.forEach((one) => { one.tabIndex = one === cell ? 0 : -1; });
    const moves = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
    for (const cell of cells) {
      cell.addEventListener("keydown", (event) => {
        const move = moves[event.key];
        if (!move) return;
        event.preventDefault();
        let [row, column] = [Number(cell.dataset.true), Number(cell.dataset.predicted)];
        let next = null;
        do {
          row += move[0];
          column += move[1];
          next = at(row, column);
        } while (next && next.disabled);
        if (next) { makeCurrent(next); next.focus(); }
      });
    }
    if (open.length) makeCurrent(open[0]);
    for (const button of document.querySelectorAll("[data-true]")) {
      button.addEventListener("click", () => {
        if (button.classList.contains("cell")) makeCurrent(button);
        showCell(Number(button.dataset.true), Number(button.dataset.predicted));
      });
    }
    if (report.firstCell) showCell(...report.firstCell);
  }

  function listenToSwitches() {
    for (const input of document.querySelectorAll("input[data-unit]")) {
      input.addEventListener("change", () => {
        state.unit = input.value;
        for (const other of document.querySelectorAll("input[data-unit]")) other.checked = other.value === state.unit;
        for (const [name, chart] of Object.entries(report.charts)) if (chart.stepsPerEpoch) draw(name);
      });
    }
    const table = document.querySelector("table.confusion");
    for (const input of document.querySelectorAll("input[name=cells]")) {
      input.addEventListener("change", () => { table.dataset.cells = input.value; });
    }
  }

  function fillGalleries() {
    for (const list of document.querySelectorAll("[data-gallery]")) {
      fill(list, report.galleries[list.dataset.gallery], matchMedia("(max-width: 560px)").matches ? 9 : 24);
    }
  }

  /* Tables of very many rows show some at a time. */
  function listenToPagers() {
    for (const pager of document.querySelectorAll("[data-table]")) {
      const rows = report.tables[pager.dataset.table];
      const body = document.getElementById(`table-${pager.dataset.table}`).tBodies[0];
      const buttons = [...pager.querySelectorAll("[data-turn]")];
      const last = Math.ceil(rows.length / report.rowsAPage) - 1;
      let page = 0;
      const show = () => {
        const first = page * report.rowsAPage;
        const shown = rows.slice(first, first + report.rowsAPage);
        body.replaceChildren(...shown.map(([name, ...cells]) => {
          const row = element("tr");
          const heading = element("th", "", name);
          heading.scope = "row";
          row.append(heading, ...cells.map((cell) => element("td", "", cell)));
          return row;
        }));
        pager.querySelector("span").textContent =
          `Rows ${(first + 1).toLocaleString("en")} to ${(first + shown.length).toLocaleString("en")} of ${rows.length.toLocaleString("en")}`;
        for (const button of buttons) button.disabled = page + Number(button.dataset.turn) < 0 || page + Number(button.dataset.turn) > last;
      };
      for (const button of buttons) {
        button.addEventListener("click", () => {
          page += Number(button.dataset.turn);
          show();
        });
      }
      show();
    }
  }

  /* A page that is fed while training goes on hands over what has changed. */
  function update(part) {
    Object.assign(report.charts, part.charts || {});
    for (const [id, uri] of Object.entries(part.pictures || {})) document.getElementById(id).src = uri;
    return Promise.all(Object.keys(part.charts || {}).map(draw));
  }

  const whenIdle = () => new Promise((resolve) => { (window.requestIdleCallback || setTimeout)(resolve, { timeout: 500 }); });

  /* What is on the screen and the next one is drawn at once, the rest when there is nothing else to do. */
  async function drawInTurn() {
    const isNear = (name) =>
      document.querySelector(`[data-chart="${name}"]`).getBoundingClientRect().top < 2 * innerHeight;
    const names = Object.keys(report.charts);
    const near = names.filter(isNear);
    await Promise.all(near.map(draw));
    performance.mark("drawn");
    root.dataset.drawn = "near";
    await whenIdle();
    fillGalleries();
    for (const name of names.filter((one) => !near.includes(one))) {
      await whenIdle();
      await draw(name);
    }
  }

  async function start() {
    root.classList.add("ready");
    listenToSwitches();
    listenToCells();
    listenToPagers();
    if (!Object.keys(report.charts).length) {
      fillGalleries();
    } else {
      await loadPlotly();
      await drawInTurn();
      dark.addEventListener("change", drawAll);
      for (const [event, printing] of [["beforeprint", true], ["afterprint", false]]) {
        addEventListener(event, () => {
          state.printing = printing;
          root.classList.toggle("printing", printing);
          for (const details of document.querySelectorAll("details")) {
            if (printing) details.dataset.wasOpen = details.open;
            details.open = printing || details.dataset.wasOpen === "true";
          }
          drawAll();
        });
      }
    }
    root.dataset.drawn = "true";
  }

  window.onelayerReport = { update };
  start();
})();
