// 收件登记 and 办件页, made quicker. Every page works without this file.
"use strict";

(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const composing = (event) => event.isComposing || event.keyCode === 229;

  for (const extra of all("[data-phrases]")) extra.hidden = false;

  // F9 does what the page is for, F8 prints, F7 goes on with the same applicant.
  document.addEventListener("keydown", (event) => {
    if (composing(event) || document.body.dataset.keys === "off") return;
    const target = { F9: "[data-f9]", F8: "[data-f8]", F7: "[data-f7]" }[event.key];
    const found = target && document.querySelector(target);
    if (found) {
      event.preventDefault();
      document.activeElement.blur(); // what is being typed is finished first, as by a click
      found.click();
    }
  });

  // 20260305 becomes 2026-03-05.
  for (const day of all("[data-day]")) {
    day.addEventListener("change", () => {
      const found = day.value.trim().match(/^(\d{4})[-./年]?(\d{1,2})[-./月]?(\d{1,2})日?$/);
      if (found) day.value = `${found[1]}-${found[2].padStart(2, "0")}-${found[3].padStart(2, "0")}`;
    });
  }

  // Rows of materials: 1 2 3 4 mark the row in focus and go on to the next, arrows move, Enter leaves an entry.
  const rows = all("tr.material");
  const marks = { 1: "received", 2: "missing", 3: "faulty", 4: "deferred" };
  const radioOf = (row, value) => row.querySelector(`input[type=radio][value="${value}"]`);
  const mark = (row, value) => {
    const radio = radioOf(row, value);
    radio.checked = true;
    radio.dispatchEvent(new Event("change", { bubbles: true }));
  };
  const marked = (row) => {
    const checked = row.querySelector("input[type=radio]:checked");
    return checked ? checked.value : "none";
  };
  const show = (row) => {
    row.classList.remove("m-none", "m-received", "m-missing", "m-faulty", "m-deferred");
    row.classList.add(`m-${marked(row)}`);
  };
  const box = document.querySelector("[data-preselect]");
  let chosen = false; // a decision taken by hand stays
  if (box) box.addEventListener("change", (event) => (chosen = chosen || (event.isTrusted && event.target.name === "decision")));
  const wantedDecision = () => {
    const wanted = rows.filter((row) => row.dataset.need === "yes" || marked(row) !== "none").map(marked);
    if (wanted.includes("none") || rows.some((row) => row.dataset.need === "ask")) return "";
    if (wanted.some((one) => one === "missing" || one === "faulty")) return "supplement_notice";
    const complete = box.dataset.preselect;
    return wanted.includes("deferred") ? complete.replace(/accept$|close_on_the_spot$/, "accept_deferred") : complete;
  };
  const preselect = () => {
    if (!box || !rows.length || chosen) return;
    const key = wantedDecision();
    for (const radio of all("input[name=decision]", box)) radio.checked = radio.value === key;
  };
  // After the last row comes what the decision still asks for.
  const toDecision = () => {
    const decision = box && box.querySelector("input[name=decision]:checked");
    if (!box) return;
    const needs = decision && decision.closest(".decision").querySelector(".decision-needs");
    const first = needs && needs.querySelector("input[type=checkbox]:not(:checked), textarea, select, input:not([type=checkbox])");
    (first || decision || box.querySelector("input[name=decision]")).focus();
  };
  const goOn = (row, step = 1) => {
    const next = rows[rows.indexOf(row) + step];
    if (next) next.focus();
    else if (step > 0) toDecision();
  };
  for (const row of rows) {
    row.addEventListener("change", (event) => {
      if (event.target.name.endsWith(".mark")) {
        show(row);
        preselect();
        if (event.target.value === "faulty") row.querySelector(".fault-input").focus();
      }
    });
    row.addEventListener("keydown", (event) => {
      const typing = event.target.closest("input:not([type=radio]), select");
      if (composing(event) || event.ctrlKey || event.altKey || event.metaKey) return;
      const step = { ArrowDown: 1, ArrowUp: -1, Enter: 1 }[event.key];
      if (step && (event.key === "Enter" || !event.target.closest("select"))) {
        event.preventDefault();
        goOn(row, step);
      } else if (!typing && marks[event.key] && radioOf(row, marks[event.key])) {
        event.preventDefault();
        mark(row, marks[event.key]);
        if (event.key !== "3") goOn(row);
      }
    });
  }
  const rest = document.querySelector("[data-all-received]");
  if (rest) {
    rest.addEventListener("click", (event) => {
      event.preventDefault();
      for (const row of rows) if (row.dataset.need === "yes" && marked(row) === "none") mark(row, "received");
      toDecision();
    });
  }
  const button = document.querySelector("[data-check]");
  if (button && rows.length) button.hidden = true;
  if (rows.length && document.querySelector("form.intake") && !document.getElementById("wrong")) {
    const first = rows.find((row) => row.dataset.need !== "no" && marked(row) === "none");
    if (first) first.focus({ preventScroll: first === rows[0] });
    else toDecision();
  }

  // Stock phrases: a click, or Alt with its number while the text is in focus.
  for (const list of all("[data-phrases]")) {
    const text = document.getElementById(list.dataset.phrases);
    const phrases = all("button", list);
    const put = (phrase) => {
      text.value = text.value ? `${text.value}${phrase.textContent}` : phrase.textContent;
      text.focus();
    };
    for (const phrase of phrases) phrase.addEventListener("click", () => put(phrase));
    text.addEventListener("keydown", (event) => {
      const phrase = event.altKey && phrases[Number(event.key) - 1];
      if (phrase) {
        event.preventDefault();
        put(phrase);
      }
    });
  }

  // The buttons of the head open their form here instead of loading the page again.
  for (const link of all("[data-open]")) {
    link.addEventListener("click", (event) => {
      const target = document.getElementById(link.dataset.open);
      if (!target) return;
      event.preventDefault();
      target.open = true;
      target.scrollIntoView({ block: "center" });
      const first = target.querySelector("input:not([type=hidden]), select, textarea, button");
      if (first) first.focus({ preventScroll: true });
    });
  }
  const wrong = document.querySelector("#wrong a, .field-bad input, .field-bad textarea, .field-bad select");
  if (wrong) wrong.focus();
})();
