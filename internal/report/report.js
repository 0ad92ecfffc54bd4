// Shows the sheets of a report: each is packed in the page, and the one that the address names takes the place of the last.
"use strict";
(() => {
  const $ = (id) => document.getElementById(id);
  const first = $("live");
  const sheets = new Map([...document.querySelectorAll("template[data-sheet]")].map((t) => [t.dataset.sheet, t.content.textContent]));
  const drawn = new Map([["", first]]);
  let wanted = "";

  async function unpack(name) {
    const packed = Uint8Array.from(atob(sheets.get(name)), (c) => c.charCodeAt(0));
    const text = await new Response(new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
    return document.adoptNode(new DOMParser().parseFromString(text, "text/html").getElementById("live"));
  }

  async function show() {
    const name = location.hash.slice(1), known = sheets.has(name) ? name : "";
    wanted = known;
    if (!drawn.has(known)) {
      try {
        drawn.set(known, await unpack(known));
      } catch (e) {
        $("link").textContent = "This browser cannot unpack the boards: a newer one can.";
        return;
      }
    }
    if (wanted !== known) return; // another one was asked for meanwhile
    const next = drawn.get(known);
    if ($("live") !== next) {
      $("live").replaceWith(next);
      scrollTo(0, 0);
      document.dispatchEvent(new Event("pointercancel"));
    }
    const run = known.split("/")[0];
    for (const a of document.querySelectorAll(".top .runs a")) {
      if (a.dataset.run === run) a.setAttribute("aria-current", "page"); else a.removeAttribute("aria-current");
    }
  }

  function theme(name) {
    if (name) document.documentElement.dataset.theme = name; else delete document.documentElement.dataset.theme;
    for (const b of document.querySelectorAll("[data-set]")) b.setAttribute("aria-pressed", String(b.dataset.set === name));
  }

  document.addEventListener("click", (e) => { if (e.target.matches("[data-set]")) theme(e.target.dataset.set); });
  addEventListener("hashchange", show);
  const asked = new URLSearchParams(location.search).get("theme");
  theme(asked === "dark" || asked === "light" ? asked : "");
  show();
})();
