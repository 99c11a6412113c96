// Where a speaker stands between the loudspeakers: a slider that says its place in words.
import { html, t } from "./dom.js";

function words(pan) {
  const n = Math.round(Math.abs(pan) * 100);
  if (!n) return t("cast.pan.middle");
  return pan < 0 ? t("cast.pan.left", { n }) : t("cast.pan.right", { n });
}

export const slider = (pan) => html`<label class="pan" title="${t("cast.pan.help")}"><input type="range" data-pan min="-1" max="1" step="0.05" value="${pan}" aria-label="${t("cast.pan")}" aria-valuetext="${words(pan)}"><output class="soft small">${words(pan)}</output></label>`;

/** Follows the sliders in `box`; `put(slider, pan)` is told a place that was let go, or left alone for a moment. */
export function follow(box, put) {
  const waiting = new Map();
  const told = (input) => {
    input.setAttribute("aria-valuetext", words(Number(input.value)));
    input.nextElementSibling.textContent = words(Number(input.value));
  };
  const later = (input) => {
    clearTimeout(waiting.get(input));
    waiting.set(input, setTimeout(() => { waiting.delete(input); put(input, Number(input.value)); }, 350));
  };
  box.addEventListener("input", ({ target }) => { if (target.matches("[data-pan]")) { told(target); later(target); } });
  box.addEventListener("keydown", (event) => {
    if (event.key !== "0" || !event.target.matches("[data-pan]")) return;
    event.preventDefault();
    event.target.value = 0;
    told(event.target);
    later(event.target);
  });
}
