"use strict";
(() => {
  const buttons = [...document.querySelectorAll("nav button")];
  const find = document.querySelector("nav input");
  const claims = [...document.querySelectorAll("main details.claim")];
  let wanted = "";

  const show = () => {
    const words = find.value.trim().toLowerCase();
    for (const claim of claims) {
      const fits = !wanted || claim.dataset.verdict === wanted;
      claim.hidden = !(fits && (!words || claim.textContent.toLowerCase().includes(words)));
    }
    for (const section of document.querySelectorAll("main section")) {
      section.hidden = !section.querySelector("details.claim:not([hidden])");
    }
  };

  for (const button of buttons) {
    button.addEventListener("click", () => {
      wanted = button.dataset.verdict;
      for (const other of buttons) other.setAttribute("aria-pressed", String(other === button));
      show();
    });
  }
  find.addEventListener("input", show);

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    const text = button.nextElementSibling.textContent;
    const done = () => { button.textContent = "copied"; setTimeout(() => { button.textContent = "copy curl"; }, 1500); };
    if (navigator.clipboard) navigator.clipboard.writeText(text).then(done, () => select(button.nextElementSibling));
    else select(button.nextElementSibling);
  });

  const select = (element) => {
    const range = document.createRange();
    range.selectNodeContents(element);
    const selection = getSelection();
    selection.removeAllRanges();
    selection.addRange(range);
  };

  const jump = () => {
    const claim = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (claim) claim.open = true;
  };
  addEventListener("hashchange", jump);
  jump();
})();
