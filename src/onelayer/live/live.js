"use strict";
(() => {
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const phase = document.getElementById("phase");
  const stop = document.getElementById("stop");
  const events = new EventSource("events");
  const state = { newest: null, busy: false, asked: false, over: false };

  function setText(element, text) {
    if (element.textContent !== text) element.textContent = text; // what stays the same is not announced again
  }

  function made(tag, className, text) {
    const element = document.createElement(tag);
    if (className) element.className = className;
    if (text !== undefined) element.textContent = text;
    return element;
  }

  /* Charts can be changed once the page's own script has drawn them. */
  const drawn = new Promise((resolve) => {
    const check = () => { if (root.dataset.drawn === "true") { observer.disconnect(); resolve(); } };
    const observer = new MutationObserver(check);
    observer.observe(root, { attributes: true, attributeFilter: ["data-drawn"] });
    check();
  });

  function showFigures(figures) {
    document.getElementById("figures").replaceChildren(...figures.map(([label, value], place) => {
      const list = made("dl", place ? "" : "main");
      list.append(made("dt", "", label), made("dd", "", value));
      return list;
    }));
  }

  function showMessages(messages) {
    for (const [name, { message, caption }] of Object.entries(messages)) {
      const chart = document.getElementById(`chart-${name}`);
      const place = chart ? chart.parentElement.querySelector("figcaption") : document.getElementById("weights-message");
      place.replaceChildren(made("strong", "", `${message}.`), ` ${caption}`);
      if (chart) chart.setAttribute("aria-label", message);
    }
  }

  function weightFigure(one, place) {
    const figure = made("figure", "weight");
    const image = made("img", "pixels");
    image.id = `weights-${place}`;
    image.alt = `Weights of ${one.name}`;
    figure.append(image, made("figcaption", "", one.name));
    return figure;
  }

  function pictures(weights) {
    const all = document.getElementById("weight-pictures");
    if (all.childElementCount !== weights.length) all.replaceChildren(...weights.map(weightFigure));
    return Object.fromEntries(weights.map((one, place) => [`weights-${place}`, dark.matches ? one.dark : one.light]));
  }

  function showOutcome(lines) {
    document.getElementById("outcome").replaceChildren(...lines.map((line) => made("p", "statement", line)));
  }

  function showPhase(frame) {
    state.over = frame.over;
    setText(phase, state.asked && frame.canStop ? "Stopping …" : frame.phase);
    stop.hidden = !frame.canStop;
    if (frame.title) {
      setText(document.querySelector("h1"), frame.title);
      document.title = `${frame.over ? "Ended" : "Training"}: ${frame.title} · onelayer`;
    }
    if (frame.absent) setText(document.getElementById("weights-message"), frame.absent);
    showOutcome(frame.outcome);
  }

  async function showTraining(training) {
    showFigures(training.figures);
    showMessages(training.messages);
    await window.onelayerReport.update({ charts: training.charts, pictures: pictures(training.weights) });
  }

  /* One frame at a time: those that come while one is being drawn are skipped, but for the newest. */
  async function show() {
    if (state.busy) return;
    state.busy = true;
    await drawn;
    while (state.newest) {
      const frame = state.newest;
      state.newest = null;
      if (frame.training) await showTraining(frame.training);
      root.dataset.frames = Number(root.dataset.frames || 0) + 1;
      root.dataset.over = frame.over;
    }
    state.busy = false;
  }

  events.addEventListener("message", (event) => {
    state.newest = JSON.parse(event.data);
    state.last = state.newest;
    if (state.newest.over) events.close();
    showPhase(state.newest);
    show();
  });
  events.addEventListener("error", () => {
    if (state.over) return;
    events.close();
    stop.hidden = true;
    setText(phase, "The connection has ended, and training perhaps too: the terminal says. Reload the page to try again.");
  });
  dark.addEventListener("change", () => {
    state.newest = state.newest || state.last;
    show();
  });
  stop.addEventListener("click", async () => {
    stop.disabled = true;
    state.asked = true;
    setText(phase, "Stopping …");
    const response = await fetch("stop", { method: "POST" }).catch(() => null);
    if (response && response.ok) return;
    state.asked = false;
    stop.disabled = false;
    setText(phase, "The request to stop did not arrive. Ctrl-C in the terminal stops training too.");
  });
})();
