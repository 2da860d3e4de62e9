// Covers a page whose session has ended by itself: nobody reads it from an empty chair. The server decides about the
// session; this only follows its clock. All tabs of a browser share one session, so they share the moment it was used.
"use strict";

(() => {
  const EVERY = 10000;
  const KEY = "caseflow-used";
  const idle = Number(document.body.dataset.idle) * 60000;
  if (!idle) return;

  let opened = Date.now();
  const used = () => {
    opened = Date.now();
    try {
      localStorage.setItem(KEY, String(opened));
    } catch {
      // A browser that keeps nothing counts for this tab alone.
    }
  };
  const last = () => {
    try {
      return Math.max(opened, Number(localStorage.getItem(KEY)) || 0);
    } catch {
      return opened;
    }
  };

  const cover = document.createElement("dialog");
  cover.className = "idle-cover";
  const text = document.createElement("p");
  text.textContent = "长时间没有操作，登录已过期，页面已遮住。";
  const link = document.createElement("a");
  link.textContent = "重新登录";
  const draft = document.querySelector("form[data-go-on]");
  const { login, here } = document.body.dataset;
  // What answered a form has no address to come back to.
  const next = here === undefined ? "" : `?next=${encodeURIComponent(location.pathname + location.search)}`;
  link.href = draft ? draft.dataset.goOn : login + next;
  link.className = "btn btn-primary";
  cover.append(text, link);
  cover.addEventListener("cancel", (event) => event.preventDefault());
  cover.addEventListener("close", () => look());

  const look = () => {
    const over = Date.now() - last() >= idle;
    if (over && !cover.open) {
      document.querySelectorAll("dialog[open]").forEach((other) => other.close());
      document.body.append(cover);
      cover.showModal();
    } else if (!over && cover.open) {
      cover.close();
    }
  };

  used();
  document.addEventListener("htmx:afterRequest", used);
  document.addEventListener("caseflow:asked", used);
  window.addEventListener("storage", look);
  setInterval(look, EVERY);
})();
