// Conveniences only: every page works without this file.
"use strict";

(() => {
  // Whoever does not want keys has none: see 个人设置.
  const off = document.body.dataset.keys === "off";
  const typing = (event) =>
    off ||
    event.isComposing ||
    event.keyCode === 229 ||
    event.ctrlKey ||
    event.altKey ||
    event.metaKey ||
    event.target.closest("input, textarea, select, [contenteditable]") !== null;

  // A dialog that is open has the keys to itself; no key leaves a page on which something is typed that nobody keeps.
  const LEAVES = ["F2", "F4", "F7"];
  const unkept = (field) => {
    const form = field.matches("input:not([data-item-search]), textarea, select") ? field.form : null;
    if (form === null || form.getAttribute("role") === "search") return false;
    return form.getAttribute("method") === "post" && !form.hasAttribute("data-draft");
  };
  document.addEventListener(
    "keydown",
    (event) => {
      if (off || !/^F[24789]$/.test(event.key)) return;
      if (!document.querySelector("dialog[open]") && !(LEAVES.includes(event.key) && unkept(event.target))) return;
      event.preventDefault();
      event.stopImmediatePropagation();
    },
    true,
  );

  document.addEventListener("keydown", (event) => {
    if (typing(event) || document.querySelector("dialog[open]")) return;
    const key = event.key.toLowerCase();
    const target = [...document.querySelectorAll("[data-key]")].find((found) => found.dataset.key === key);
    if (!target) return;
    event.preventDefault();
    if (target.matches("input")) {
      target.focus();
      target.select();
    } else {
      target.click();
    }
  });

  // F2 starts a registration from anywhere but a form that is not kept.
  document.addEventListener("keydown", (event) => {
    if (event.key !== "F2" || off || event.isComposing || event.keyCode === 229) return;
    const link = document.querySelector('[data-key="n"]');
    if (!link) return;
    event.preventDefault();
    link.click();
  });

  // ? lists the keys of this page; the link beside it leads to the page's help, with or without keys.
  const keys = document.getElementById("keys");
  document.addEventListener("keydown", (event) => {
    if (event.key !== "?" || typing(event) || !keys || keys.open) return;
    event.preventDefault();
    keys.showModal();
  });

  // Lists: j and k move, Enter opens, x ticks, a ticks all. The focused row is the one in hand.
  const list = document.querySelector("[data-list]");
  const inText = (event) => typing(event) && (!event.target.matches("input[type=checkbox]") || event.ctrlKey || event.altKey || event.metaKey);
  const moved = (rows, here, step) => rows[Math.min(Math.max(here + step, 0), rows.length - 1)];
  if (list) {
    document.addEventListener("keydown", (event) => {
      if (off || inText(event) || document.querySelector("dialog[open]")) return;
      const rows = [...list.querySelectorAll("tbody tr")].filter((row) => row.querySelector("[data-row]"));
      const here = rows.findIndex((row) => row.contains(document.activeElement));
      const box = here < 0 ? null : rows[here].querySelector("input[type=checkbox]");
      const acts = {
        j: () => moved(rows, here, 1).querySelector("[data-row]").focus(),
        k: () => moved(rows, here < 0 ? 0 : here, -1).querySelector("[data-row]").focus(),
        x: () => box && box.click(),
        a: () => list.querySelector("[data-tick-all]")?.click(),
      };
      const act = acts[event.key.toLowerCase()];
      if (!act || rows.length === 0) return;
      event.preventDefault();
      act();
    });
  }

  // Filters act when they are changed; without a script their button does.
  for (const form of document.querySelectorAll("form[data-auto]")) {
    form.addEventListener("change", () => form.submit());
    for (const button of form.querySelectorAll("[data-needless]")) button.hidden = true;
  }

  for (const button of document.querySelectorAll("[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  }

  const all = document.querySelector("[data-tick-all]");
  if (all) {
    all.hidden = false;
    all.addEventListener("change", () => {
      for (const box of document.querySelectorAll(`input[name="${all.dataset.tickAll}"]`)) box.checked = all.checked;
    });
  }

  // A form that is being sent is not sent a second time by a second click.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || form.hasAttribute("hx-post")) return;
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
    setTimeout(() => delete form.dataset.sent, 4000);
  });
})();
