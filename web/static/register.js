// 收件登记 by keyboard: the item by a few letters, the questions by numbers, the number checked while it is typed.
"use strict";

(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const composing = (event) => event.isComposing || event.keyCode === 229;
  const plain = (event) => !composing(event) && !event.ctrlKey && !event.altKey && !event.metaKey;

  // F4 goes on with the registration that was not sent.
  const resume = document.querySelector("[data-resume]");
  if (resume) {
    document.addEventListener("keydown", (event) => {
      if (event.key !== "F4" || !plain(event) || document.body.dataset.keys === "off") return;
      event.preventDefault();
      resume.click();
    });
  }

  // Items: the same order as the server's search_items, without asking it for every letter.
  const search = document.querySelector("[data-item-search]");
  const inOrder = (wanted, word) => {
    let at = -1;
    return [...wanted].every((letter) => (at = word.indexOf(letter, at + 1)) >= 0);
  };
  const rank = (words, wanted) => {
    if (words.includes(wanted)) return 0;
    if (words.some((word) => word.startsWith(wanted))) return 1;
    if (words.some((word) => word.includes(wanted))) return 2;
    return words.slice(0, 2).some((word) => inOrder(wanted, word)) ? 3 : 4;
  };
  if (search) {
    const list = document.querySelector("[data-items]");
    const usual = document.querySelector("[data-usual]");
    const nothing = document.querySelector("[data-nothing]");
    const count = document.querySelector("[data-item-count]");
    const rows = all("li[data-words]", list).map((row) => ({ row, words: row.dataset.words.split("|") }));
    for (const needless of all("[data-needless]")) needless.hidden = true;
    const wanted = () => search.value.replace(/[\s'’]/g, "").toLowerCase();
    const numbered = () => all("button.item-pick", usual && !usual.hidden ? usual : list).filter((button) => button.offsetParent);
    const narrow = () => {
      const typed = wanted();
      const ranked = rows.map((one) => ({ ...one, place: typed ? rank(one.words, typed) : 0 }));
      const best = Math.min(4, ...ranked.map((one) => one.place));
      for (const one of ranked) one.row.hidden = one.place > Math.min(3, Math.max(best, 2));
      const shown = ranked.filter((one) => !one.row.hidden).sort((a, b) => a.place - b.place);
      list.append(...shown.map((one) => one.row));
      if (usual) usual.hidden = typed !== "";
      shown.forEach((one, n) => {
        const key = one.row.querySelector(".item-key");
        key.textContent = n + 1;
        key.hidden = typed === "" || n > 8;
        one.row.classList.toggle("first", typed !== "" && n === 0);
      });
      nothing.hidden = shown.length > 0;
      count.textContent = `${shown.length} 项`;
    };
    // In the empty box a number alone is a choice, and a number that goes on is a code: where a code begins
    // with it, only Enter chooses. After letters a number that goes on with a listed word is typed, not chosen.
    let waiting = 0;
    const choose = (n) => numbered()[n - 1]?.click();
    const some = (fits) => rows.some((one) => !one.row.hidden && one.words.some(fits));
    const usualOf = (typed) => (usual && /^[1-9]$/.test(typed) ? all("button.item-pick", usual)[Number(typed) - 1] : undefined);
    const chooseUsual = (button) => {
      search.value = "";
      narrow();
      button.click();
    };
    search.addEventListener("input", narrow);
    search.addEventListener("keydown", (event) => {
      clearTimeout(waiting);
      if (!plain(event)) return;
      const typed = wanted();
      if (event.key === "Enter" && typed) {
        event.preventDefault();
        if (usualOf(typed)) chooseUsual(usualOf(typed));
        else choose(1);
      } else if (event.key === "ArrowDown") {
        event.preventDefault();
        numbered()[0]?.focus();
      } else if (/^[1-9]$/.test(event.key) && typed && !/\d/.test(typed) && !some((word) => word.includes(typed + event.key))) {
        event.preventDefault();
        choose(Number(event.key));
      } else if (!typed && usualOf(event.key) && !some((word) => word.startsWith(event.key))) {
        waiting = setTimeout(chooseUsual, 400, usualOf(event.key));
      }
    });
    search.closest("[data-item-panel]").addEventListener("keydown", (event) => {
      const here = event.target.closest("button.item-pick");
      const step = { ArrowDown: 3, ArrowUp: -3, ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!here || !step) return;
      event.preventDefault();
      const picks = all("button.item-pick").filter((button) => button.offsetParent);
      const next = picks[picks.indexOf(here) + step];
      (next || (step < 0 ? search : here)).focus();
    });
    narrow();
  }

  // Questions: a number answers, and the next question follows.
  const questions = all("form.step-1 fieldset.question");
  questions.forEach((question, n) => {
    const answers = all("input[type=radio]", question);
    question.addEventListener("keydown", (event) => {
      const answer = plain(event) && answers[Number(event.key) - 1];
      if (!answer) return;
      event.preventDefault();
      answer.checked = true;
      answer.dispatchEvent(new Event("change", { bubbles: true }));
      const next = questions[n + 1];
      (next ? next.querySelector("input") : document.querySelector("[data-f9]")).focus();
    });
  });
  if (questions.length && !document.getElementById("wrong")) {
    (questions[0].querySelector("input:checked") || questions[0].querySelector("input")).focus({ preventScroll: true });
  }

  // Somebody carried over or a form continued: on with the first entry that is missing.
  const entries = all("form.step-2 .field input").filter((input) => input.offsetParent);
  // What the page came with, not what a quick hand typed before this script ran.
  if (entries.length && entries[0].defaultValue && !document.getElementById("wrong")) {
    const missing = entries.find((input) => input.value === "" && input.required) || entries.find((input) => input.value === "");
    if (missing) missing.focus({ preventScroll: true });
  }

  // A number is checked while it is typed: at once when it has its full length, else when it is left.
  const FULL = { resident_id: 18, hk_mo_tw_permit: 18, foreigner_permit: 18, credit_code: 18, birth_certificate: 10 };
  const earlier = document.querySelector("[data-earlier]");
  const line = (box, name) => {
    let found = box.querySelector(`.${name}`);
    if (!found) {
      found = document.createElement("span");
      found.className = name;
      found.setAttribute("role", name === "field-error" ? "alert" : "status");
      box.append(found);
    }
    return found;
  };
  const tell = (number, fault, facts) => {
    const box = number.closest(".field");
    box.classList.toggle("field-bad", fault !== "");
    number.toggleAttribute("aria-invalid", fault !== "");
    line(box, "field-error").textContent = fault;
    box.querySelector(".hint")?.remove();
    line(box, "id-facts").textContent = facts;
  };
  for (const number of all("[data-id-check]")) {
    const who = number.dataset.idCheck;
    const form = number.form;
    const kind = form.elements[`${who}id_kind`];
    let asked = "";
    const check = async () => {
      const typed = `${kind.value} ${number.value.trim()}`;
      if (!number.value.trim()) {
        asked = "";
        tell(number, "", "");
        if (who === "applicant.") earlier.replaceChildren();
        return;
      }
      if (typed === asked) return;
      asked = typed;
      const entries = new FormData(form);
      const body = new URLSearchParams({ who });
      for (const name of ["csrf_token", "item", `${who}id_kind`, `${who}id_number`]) body.set(name, entries.get(name));
      try {
        const answer = await fetch(earlier.dataset.url, { method: "POST", body, redirect: "manual" });
        if (!answer.ok || typed !== asked) return;
        const found = await answer.json();
        tell(number, found.fault, found.facts);
        if (who === "applicant.") earlier.innerHTML = found.html;
      } catch (error) {
        // Without the network the check is made when the step is sent.
        asked = "";
        console.warn(error);
      }
    };
    number.addEventListener("change", check);
    kind.addEventListener("change", check);
    number.addEventListener("input", (event) => {
      const length = number.value.replace(/[\s-]/g, "").length;
      if (!event.isComposing && length >= (FULL[kind.value] || Infinity)) check();
      else if (asked) {
        asked = "";
        tell(number, "", "");
      }
    });
  }
})();
