// What is typed is kept by the server every few seconds, so that an idle lock or a crash loses nothing.
"use strict";

(() => {
  const EVERY = 4000;
  const forms = [...document.querySelectorAll("form[data-draft]")];
  let dirty = null;
  let sending = false;

  const note = document.createElement("span");
  note.className = "draft-note";
  note.setAttribute("role", "status");

  const show = (form, text, lost = "", bad = lost !== "") => {
    const place = form.querySelector(".actions:last-of-type") || form;
    if (note.parentNode !== place) place.append(note);
    note.classList.toggle("lost", bad);
    note.textContent = text;
    if (!lost) return;
    const link = document.createElement("a");
    link.href = lost;
    link.textContent = "重新登录";
    note.append(" ", link);
  };

  const fail = (form, why = "") => show(form, `没有保存${why && `（${why}）`}，请不要离开本页`, "", true);

  // 200 and 401 tell whether the form was kept; whatever else comes, it was not.
  const tell = async (form, answer) => {
    if (answer.type === "opaqueredirect" || (!answer.ok && answer.status !== 401)) return fail(form);
    const told = await answer.json();
    if (!told.kept) fail(form, told.why);
    else if (answer.ok) show(form, `已自动保存 ${told.saved}`);
    else show(form, "登录已过期，填写的内容已保存。", form.dataset.goOn);
  };

  const save = async (form) => {
    const body = new URLSearchParams(new FormData(form));
    const url = form.dataset.draft;
    dirty = null;
    try {
      const answer = await fetch(url, { method: "POST", body, redirect: "manual", keepalive: body.toString().length < 60000 });
      if (answer.ok) document.dispatchEvent(new Event("caseflow:asked"));
      if (answer.status >= 500) dirty = dirty || form; // the server may come back
      await tell(form, answer);
    } catch (error) {
      dirty = dirty || form; // the network may come back
      fail(form);
      console.warn(error);
    }
  };

  for (const form of forms) {
    form.addEventListener("input", () => (dirty = form));
    form.addEventListener("change", () => (dirty = form));
    form.addEventListener("submit", (event) => {
      const last = !event.submitter || event.submitter.name !== "go" || event.submitter.value === "submit";
      sending = true;
      if (last) dirty = null;
    });
  }
  if (!forms.length) return;
  setInterval(() => dirty && !sending && save(dirty), EVERY);
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden" && dirty) save(dirty);
  });
})();
