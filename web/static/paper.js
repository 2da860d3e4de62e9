// Without this file the browser's own print command prints the same sheet.
"use strict";
const button = document.querySelector("[data-print]");
if (button) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
  // This page is reached by a print button only.
  window.addEventListener("load", () => window.print());
  document.addEventListener("keydown", (event) => {
    if (event.key === "F8" && !event.isComposing) {
      event.preventDefault();
      window.print();
    }
  });
}
