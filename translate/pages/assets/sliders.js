"use strict";
// Sliders between two pictures, films of many, and thumbnails that open large.
(() => {
  for (const figure of document.querySelectorAll(".before-after")) {
    const slider = figure.querySelector("input");
    const show = () => {
      figure.style.setProperty("--at", `${slider.value}%`);
      slider.setAttribute("aria-valuetext", `${Math.round(slider.value)} % uncovered`);
    };
    slider.addEventListener("keydown", (event) => {
      // With step="any" the browser's own keys move by too little to be seen.
      const moves = { ArrowLeft: -2, ArrowDown: -2, ArrowRight: 2, ArrowUp: 2, PageDown: -10, PageUp: 10 };
      if (!(event.key in moves)) return;
      event.preventDefault();
      slider.value = Number(slider.value) + moves[event.key];
      show();
    });
    slider.addEventListener("input", show);
    show();
  }

  for (const figure of document.querySelectorAll(".film")) {
    const slider = figure.querySelector("input");
    if (!slider) continue;
    const frames = [...figure.querySelectorAll(".frames img")];
    const name = figure.querySelector("output");
    const button = figure.querySelector(".play");
    let timer = 0;
    const show = () => {
      frames.forEach((frame, index) => { frame.hidden = index !== Number(slider.value); });
      name.textContent = frames[Number(slider.value)].alt;
      slider.setAttribute("aria-valuetext", name.textContent);
    };
    const stop = () => {
      clearInterval(timer);
      timer = 0;
      button.textContent = "Play";
    };
    const advance = () => {
      if (Number(slider.value) >= frames.length - 1) return stop();
      slider.value = Number(slider.value) + 1;
      show();
    };
    button.addEventListener("click", () => {
      if (timer) return stop();
      if (Number(slider.value) >= frames.length - 1) slider.value = 0;
      show();
      button.textContent = "Pause";
      timer = setInterval(advance, 600);
    });
    slider.addEventListener("input", () => { stop(); show(); });
    show();
  }

  const dialog = document.querySelector("dialog.large");
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  for (const thumbnail of document.querySelectorAll(".thumbnail")) {
    thumbnail.querySelector(".open").addEventListener("click", () => {
      const caption = thumbnail.querySelector("figcaption");
      const words = caption ? [...caption.childNodes].map((part) => part.textContent) : [];
      dialog.querySelector("img").src = thumbnail.querySelector("img").src;
      dialog.querySelector("p").textContent = words.filter(Boolean).join(" · ");
      dialog.showModal();
    });
  }
})();
