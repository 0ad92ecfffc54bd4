// Moves the page while a run lasts, and lets a reader look into the charts: values under the pointer, zoom by dragging.
// Charts are drawn by the server; their data attributes map pixels to values.
"use strict";
(() => {
  const $ = (id) => document.getElementById(id);
  const main = () => $("live");
  const SVG = "http://www.w3.org/2000/svg";

  // The page's moving part.

  let timer = 0, asked = null, failures = 0;

  // refresh draws anew; with a state that is shown already, as soon as there is more.
  async function refresh(after) {
    clearTimeout(timer);
    if (!main().dataset.live) return;
    if (asked) asked.abort();
    const mine = asked = new AbortController();
    const giveUp = setTimeout(() => mine.abort(), 5000);
    let said = "";
    try {
      const answer = await fetch(address(after), { signal: mine.signal, cache: "no-store" });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (asked !== mine) return;
      said = page.getElementById("title")?.textContent;
      if (!answer.ok) throw new Error(said);
      if (!drag) renew(main(), page.getElementById("live"));
      choose();
      failures = 0;
      mark();
    } catch (e) {
      if (asked !== mine) return; // a newer question took this one's place
      failures++;
    } finally {
      clearTimeout(giveUp);
    }
    $("link").textContent = failures > 1 ? `${said || "The lab does not answer"}; trying again.` : "";
    schedule();
  }

  function schedule() {
    clearTimeout(timer);
    const every = Number(main().dataset.every) || (failures && 1000);
    if (every && !document.hidden) timer = setTimeout(() => refresh(main().dataset.after), Math.min(every * 2 ** failures, 5000));
  }

  function room() { return Math.round(main().clientWidth - 48); }

  function address(after) {
    const query = new URLSearchParams(location.search);
    if (after) query.set("after", after);
    if (main().dataset.width) query.set("w", room());
    if (query.has("wall")) query.set("h", innerHeight);
    return main().dataset.live + "?" + query;
  }

  // renew makes old look like fresh and keeps what did not change, so that focus, selection and scrolling survive.
  function renew(old, fresh) {
    if (old.isEqualNode(fresh)) return;
    for (const a of [...old.attributes]) if (!fresh.hasAttribute(a.name)) old.removeAttribute(a.name);
    for (const a of fresh.attributes) if (old.getAttribute(a.name) !== a.value) old.setAttribute(a.name, a.value);
    const was = [...old.children], is = [...fresh.children];
    const alike = is.length && was.length === is.length && !old.matches(".chart") &&
      was.every((e, i) => e.tagName === is[i].tagName && e.id === is[i].id) &&
      [...fresh.childNodes].every((n) => n.nodeType !== Node.TEXT_NODE || !n.data.trim());
    if (alike) was.forEach((e, i) => renew(e, is[i]));
    else old.replaceChildren(...fresh.childNodes);
  }

  document.addEventListener("visibilitychange", () => { if (!document.hidden && main().dataset.every > 0) refresh(); });
  let resized = 0;
  addEventListener("resize", () => { clearTimeout(resized); resized = setTimeout(fit, 200); });
  function fit() { if (main().dataset.width && Math.abs(main().dataset.width - room()) > 4) refresh(); else schedule(); }

  // Values as people read them; the server writes its own the same way.

  function significant(v) {
    const a = Math.abs(v);
    if (a >= 99.95) return Math.round(v).toLocaleString("en-US");
    return a >= 9.995 ? v.toFixed(1) : a >= 0.0995 ? v.toFixed(2) : v.toPrecision(2);
  }
  function digits(v) { return v === Math.trunc(v) ? v.toLocaleString("en-US") : significant(v); }
  function scaled(v) {
    let i = 0;
    while (Math.abs(v) >= 999.5 && i < 4) { v /= 1000; i++; }
    return [digits(v), ["", "k", "M", "G", "T"][i]];
  }
  function format(v, unit) {
    switch (unit) {
      case "ms": return v === 0 ? "0 ms" : v < 0.9995 ? significant(v * 1000) + " µs" : v < 999.5 ? significant(v) + " ms" : significant(v / 1000) + " s";
      case "percent": {
        if (v > 0 && v < 1e-4) return "< 0.01 %";
        if (v > 0.9999 && v < 1) return "> 99.99 %";
        return (v === 0 || v === 1 ? v * 100 : v > 0.99 && v < 1 ? (Math.floor(v * 1e4) / 100).toFixed(2) : significant(v * 100)) + " %";
      }
      case "bytes": return scaled(v).join(" ") + "B";
      case "B/s": return scaled(v).join(" ") + "B/s";
      case "cores": return digits(v) + " cores";
      case "ratio": return digits(v) + " ×";
      case "req/s": case "it/s": case "VUs/s": return (Math.abs(v) < 9999.5 ? digits(v) : scaled(v).join("")) + " " + unit;
    }
    return digits(v);
  }
  function clock(t) {
    const two = (n) => String(n).padStart(2, "0");
    if (t < 0) return "-" + clock(-t);
    return t < 3600 ? Math.floor(t / 60) + ":" + two(t % 60) : Math.floor(t / 3600) + ":" + two(Math.floor(t / 60) % 60) + ":" + two(t % 60);
  }

  // The cross-hair: on all charts at one time, with values at the one in hand. mark draws it and returns it in words.

  let at = null; // {id, time}: the chart in hand and the time looked at
  let pointer = null;

  function geometry(box) {
    const g = {};
    for (const k of ["width", "left", "right", "top", "bottom", "max", "from", "to", "start", "step"]) g[k] = Number(box.dataset[k]);
    g.lines = [...box.parentElement.querySelectorAll(".legend li")];
    g.lines = g.lines.filter((l) => l.dataset.values);
    g.n = Math.max(1, ...g.lines.map((l) => l.dataset.values.split(",").length));
    g.kind = box.dataset.kind;
    g.half = Number(box.dataset.half) || 0; // what was measured over its step stands in the middle, else at its beginning
    g.places = box.dataset.places && box.dataset.places.split(",").map(Number); // of a spectrum: quantiles, not times
    g.at = (i) => g.places ? g.places[i] : g.start + i * g.step + g.half;
    g.x = (t) => g.left + (t - g.from) / (g.to - g.from) * (g.right - g.left);
    g.y = (v) => g.bottom - v / g.max * (g.bottom - g.top);
    return g;
  }
  function timeUnder(box, clientX) {
    const g = geometry(box), r = box.getBoundingClientRect();
    const x = (clientX - r.left) / r.width * g.width;
    return Math.min(g.to, Math.max(g.from, g.from + (x - g.left) / (g.right - g.left) * (g.to - g.from)));
  }
  function index(g, t) {
    if (g.places) return g.places.reduce((best, p, i) => Math.abs(p - t) < Math.abs(g.places[best] - t) ? i : best, 0);
    return Math.min(g.n - 1, Math.max(0, Math.round((t - g.half - g.start) / g.step)));
  }
  function shape(box, name, attributes) {
    const e = document.createElementNS(SVG, name);
    for (const k in attributes) e.setAttribute(k, attributes[k]);
    box.querySelector("svg").append(e);
  }

  function mark() {
    document.querySelectorAll(".cross, .dot").forEach((e) => e.remove());
    const tip = $("tip");
    tip.hidden = true;
    let said = "";
    if (!at || !$(at.id)) return said;
    const alone = $(at.id).dataset.places !== undefined;
    for (const box of document.querySelectorAll(".chart")) {
      if (box.id !== at.id && (alone || box.dataset.places !== undefined)) continue;
      const g = geometry(box), i = index(g, at.time), x = Math.max(g.left, Math.min(g.right, g.x(g.at(i))));
      shape(box, "line", { class: "cross", x1: x, x2: x, y1: g.top, y2: g.bottom });
      if (box.id === at.id) said = values(box, g, i, x, tip);
    }
    return said;
  }

  function values(box, g, i, x, tip) {
    const t = g.start + i * g.step, said = [];
    const title = document.createElement("b");
    let when = clock(t) + (g.step > 1 ? " to " + clock(t + g.step) : "");
    if (g.places) when = box.dataset.names.split(",")[i];
    else if (!$("other")) when += "  ·  " + new Date(Date.parse(document.querySelector("#head time").dateTime) + t * 1000).toISOString().slice(11, 19) + " UTC";
    title.textContent = when;
    tip.replaceChildren(title);
    for (const line of g.lines) {
      const text = line.dataset.values.split(",")[i];
      if (!text) continue;
      const row = document.createElement("div"), name = document.createElement("span"), value = document.createElement("span");
      row.className = line.className;
      name.append(document.createElement("i"), line.dataset.label);
      value.textContent = format(Number(text), line.dataset.unit);
      row.append(name, value);
      tip.append(row);
      said.push(line.dataset.label + " " + value.textContent);
      if (g.kind === "lines" || g.kind === "spectrum") shape(box, "circle", { class: "dot " + line.className, cx: x, cy: g.y(Number(text)), r: 3.5 });
    }
    tip.hidden = false;
    const r = box.getBoundingClientRect(), px = r.left + x / g.width * r.width;
    const left = px + 16 + tip.offsetWidth > innerWidth - 8 ? px - 16 - tip.offsetWidth : px + 16;
    const top = Math.min(Math.max(8, (pointer === null ? r.top + 10 : pointer) - tip.offsetHeight / 2), innerHeight - tip.offsetHeight - 8);
    tip.style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`;
    return when + ": " + said.join(", ");
  }

  // Zoom, kept in the page's address.

  let drag = null;

  function zoom(from, to) { go({ from, to }); }
  function go(change) {
    if (!main().dataset.live) return; // a report has nobody to ask
    const url = new URL(location);
    for (const k in change) change[k] === null || change[k] === "" ? url.searchParams.delete(k) : url.searchParams.set(k, change[k]);
    history.pushState(null, "", url);
    links();
    refresh();
  }
  function links() {
    const now = new URLSearchParams(location.search);
    for (const a of document.querySelectorAll("a[data-keep]")) {
      const url = new URL(a.href);
      for (const k of ["from", "to", "scenario", "endpoint", "with"]) now.has(k) ? url.searchParams.set(k, now.get(k)) : url.searchParams.delete(k);
      a.href = url;
    }
  }
  function span(box, a, b) {
    if (box.dataset.places !== undefined) return;
    let from = Math.max(0, Math.floor(Math.min(a, b))), to = Math.ceil(Math.max(a, b));
    if (to - from < 5) to = from + 5;
    zoom(from, to);
  }

  document.addEventListener("pointerdown", (e) => {
    const box = e.target.closest(".chart");
    if (!box || e.button !== 0 || e.pointerType === "touch" || !main().dataset.live) return;
    drag = { box, x: e.clientX, from: timeUnder(box, e.clientX) };
  });
  document.addEventListener("pointermove", (e) => {
    const box = drag ? drag.box : e.target.closest(".chart");
    if (!box) {
      if (at && pointer !== null) { at = null; mark(); }
      return;
    }
    pointer = e.clientY;
    at = { id: box.id, time: timeUnder(box, e.clientX) };
    mark();
    if (!drag) return;
    box.querySelectorAll(".chosen").forEach((c) => c.remove());
    const g = geometry(box), a = g.x(Math.min(drag.from, at.time)), b = g.x(Math.max(drag.from, at.time));
    shape(box, "rect", { class: "chosen", x: a, width: b - a, y: g.top, height: g.bottom - g.top });
  });
  document.addEventListener("pointerup", (e) => {
    if (!drag) return;
    const { box, x, from } = drag;
    drag = null;
    box.querySelectorAll(".chosen").forEach((c) => c.remove());
    if (Math.abs(e.clientX - x) > 6) span(box, from, timeUnder(box, e.clientX));
  });
  document.addEventListener("pointercancel", () => { drag = null; mark(); });
  document.addEventListener("dblclick", (e) => { if (e.target.closest(".chart")) zoom(null, null); });
  document.addEventListener("click", (e) => {
    if (!e.target.closest("[data-unzoom]") || e.ctrlKey || e.metaKey) return;
    e.preventDefault();
    zoom(null, null);
  });

  // What the reader chooses is in the address, too. choose shows what the server says is chosen.

  document.addEventListener("change", (e) => { if (e.target.matches("[data-choice]")) go({ [e.target.name]: e.target.value }); });
  function choose() {
    for (const list of document.querySelectorAll("[data-choice]")) {
      const chosen = list.querySelector("option[selected]");
      if (chosen && list.value !== chosen.value) list.value = chosen.value;
    }
  }
  addEventListener("popstate", () => { links(); refresh(); });

  document.addEventListener("keydown", (e) => {
    const box = e.target.closest(".chart");
    if (!box || e.ctrlKey || e.metaKey || e.altKey) return;
    const g = geometry(box), now = at ? at.time : (g.from + g.to) / 2, width = g.to - g.from;
    const move = { ArrowLeft: -1, ArrowRight: 1 }[e.key];
    const jump = { Home: g.from, End: g.to }[e.key];
    if (move || jump !== undefined) {
      const i = index(g, now) + (move || 0) * (e.shiftKey ? 10 : 1);
      pointer = null;
      at = { id: box.id, time: jump ?? Math.min(g.to, Math.max(g.from, g.at(Math.min(g.n - 1, Math.max(0, i))))) };
      $("spoken").textContent = mark();
    } else if (e.key === "+" || e.key === "=") span(box, now - width / 4, now + width / 4);
    else if (e.key === "-") span(box, now - width, now + width);
    else if (e.key === "0" || e.key === "Escape") zoom(null, null);
    else return;
    e.preventDefault();
  });
  document.addEventListener("focusout", (e) => { if (e.target.closest(".chart") && pointer === null) { at = null; mark(); } });

  fit();
})();
