// 收件登记 and 办件页, made quicker. Every page works without this file.
"use strict";

(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const composing = (event) => event.isComposing || event.keyCode === 229;

  for (const extra of all("[data-phrases]")) extra.hidden = false;

  // F9 does what the page is for, F8 prints.
  document.addEventListener("keydown", (event) => {
    if (composing(event)) return;
    const target = { F9: "[data-f9]", F8: "[data-f8]" }[event.key];
    const found = target && document.querySelector(target);
    if (found) {
      event.preventDefault();
      found.click();
    }
  });

  // The list of items narrows while one types; Enter takes the first.
  const search = document.querySelector("[data-item-search]");
  if (search) {
    const rows = all("[data-items] > li[data-text]");
    const count = document.querySelector("[data-item-count]");
    for (const needless of all("[data-needless]")) needless.hidden = true;
    const narrow = () => {
      const wanted = search.value.replace(/\s/g, "").toLowerCase();
      let shown = 0;
      for (const row of rows) {
        row.hidden = !row.dataset.text.includes(wanted);
        shown += row.hidden ? 0 : 1;
        row.classList.toggle("first", !row.hidden && shown === 1 && wanted !== "");
      }
      count.textContent = `${shown} 项`;
    };
    search.addEventListener("input", narrow);
    search.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || composing(event)) return;
      const first = rows.find((row) => !row.hidden);
      if (first && search.value.trim()) {
        event.preventDefault();
        first.querySelector("button").click();
      }
    });
    narrow();
  }

  // The number is checked, and earlier cases looked up, as soon as it is typed.
  const number = document.querySelector("[data-id-check]");
  const earlier = document.querySelector("[data-earlier]");
  if (number && earlier) {
    const form = number.form;
    const tell = (text) => {
      const box = number.closest(".field");
      box.classList.toggle("field-bad", text !== "");
      let error = box.querySelector(".field-error");
      if (!error) {
        error = document.createElement("span");
        error.className = "field-error";
        error.setAttribute("role", "alert");
        box.append(error);
      }
      error.textContent = text;
    };
    const check = async () => {
      if (!number.value.trim()) return;
      const body = new URLSearchParams();
      const typed = new FormData(form);
      for (const name of ["csrf_token", "item", "applicant.id_kind", "applicant.id_number"]) body.set(name, typed.get(name));
      try {
        const answer = await fetch(earlier.dataset.url, { method: "POST", body });
        if (!answer.ok) return;
        const found = await answer.json();
        tell(found.fault);
        earlier.innerHTML = found.html;
      } catch (error) {
        // Without the network the check is made when the step is sent.
        console.warn(error);
      }
    };
    number.addEventListener("change", check);
    form.elements["applicant.id_kind"].addEventListener("change", check);
  }

  // 20260305 becomes 2026-03-05.
  for (const day of all("[data-day]")) {
    day.addEventListener("change", () => {
      const found = day.value.trim().match(/^(\d{4})[-./年]?(\d{1,2})[-./月]?(\d{1,2})日?$/);
      if (found) day.value = `${found[1]}-${found[2].padStart(2, "0")}-${found[3].padStart(2, "0")}`;
    });
  }

  // Rows of materials: 1 2 3 mark the row in focus, arrows move.
  const rows = all("tr.material");
  const marks = { 1: "received", 2: "missing", 3: "faulty" };
  const mark = (row, value) => {
    const radio = row.querySelector(`input[value="${value}"]`);
    radio.checked = true;
    radio.dispatchEvent(new Event("change", { bubbles: true }));
  };
  const marked = (row) => {
    const checked = row.querySelector("input[type=radio]:checked");
    return checked ? checked.value : "none";
  };
  const show = (row) => {
    row.classList.remove("m-none", "m-received", "m-missing", "m-faulty");
    row.classList.add(`m-${marked(row)}`);
  };
  const box = document.querySelector("[data-preselect]");
  const preselect = () => {
    if (!box || !rows.length) return;
    const wanted = rows.filter((row) => row.dataset.need === "yes" || marked(row) !== "none").map(marked);
    const open = rows.some((row) => row.dataset.need === "ask");
    let key = "";
    if (!open && wanted.every((one) => one === "received")) key = box.dataset.preselect;
    else if (!open && !wanted.includes("none")) key = "supplement_notice";
    for (const radio of all("input[name=decision]", box)) radio.checked = radio.value === key;
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
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step && !event.target.closest("select")) {
        event.preventDefault();
        const next = rows[rows.indexOf(row) + step];
        if (next) next.focus();
      } else if (!typing && marks[event.key]) {
        event.preventDefault();
        mark(row, marks[event.key]);
        const next = rows[rows.indexOf(row) + 1];
        if (event.key !== "3" && next) next.focus();
      }
    });
  }
  const rest = document.querySelector("[data-all-received]");
  if (rest) {
    rest.addEventListener("click", (event) => {
      event.preventDefault();
      for (const row of rows) if (row.dataset.need === "yes" && marked(row) === "none") mark(row, "received");
    });
  }
  const button = document.querySelector("[data-check]");
  if (button && rows.length) button.hidden = true;
  if (rows.length && document.querySelector("form.intake") && !document.getElementById("wrong")) rows[0].focus({ preventScroll: true });

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
