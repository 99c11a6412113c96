// The list from which a voice is chosen: search, arrows, Enter. It hangs below the button that opened it.
import { fill, html, later, make, ordered, raw, sign, t } from "./dom.js";

/** What the button shows that opens it: a voice as the server tells it. */
export const face = (voice) => html`<span class="glyph">${raw(voice.glyph)}</span><span class="voice-text"><b>${voice.name}</b><span class="soft">${voice.facts}</span></span>${sign("down")}`;

/** `find(search)` gives groups `[{label, voices: [{ref, name, facts, glyph}]}]`; `done(ref)` is called with the chosen one. */
export function pick(button, find, chosen, done) {
  document.getElementById("picker")?.remove();
  const box = make(html`<div id="picker" class="picker card" role="dialog" aria-label="${t("picker.label")}">
    <input type="search" id="picker-search" placeholder="${t("picker.search")}" aria-label="${t("picker.search")}" autocomplete="off">
    <div class="picker-list" role="listbox" aria-label="${t("picker.label")}"></div></div>`);
  button.parentElement.append(box);
  button.parentElement.style.position = "relative";
  const list = box.querySelector(".picker-list"), search = box.querySelector("input");

  const inTurn = ordered();
  async function show() {
    const groups = await inTurn(find(search.value.trim()));
    if (groups === undefined) return;
    if (!groups) return close();
    const shown = groups.filter((g) => g.voices.length);
    fill(list, shown.length ? html`${shown.map((g) => html`<div class="picker-group soft">${g.label}</div>${g.voices.map(option)}`)}` : html`<p class="soft picker-none">${t("picker.none")}</p>`);
    (list.querySelector("[aria-selected=true]") || list.querySelector("[role=option]"))?.scrollIntoView({ block: "nearest" });
  }
  const option = (v) => html`<button type="button" role="option" class="picker-option" data-ref="${v.ref}" aria-selected="${v.ref === chosen}"><span class="glyph">${raw(v.glyph)}</span><span class="voice-text"><b>${v.name}</b><span class="soft">${v.facts}</span></span></button>`;
  function close() {
    box.remove();
    document.removeEventListener("pointerdown", outside, true);
    button.focus();
  }
  const outside = (event) => { if (!box.contains(event.target) && !button.contains(event.target)) close(); };
  document.addEventListener("pointerdown", outside, true);
  list.addEventListener("click", (event) => {
    const row = event.target.closest("[data-ref]");
    if (row) { close(); done(row.dataset.ref); }
  });
  search.addEventListener("input", later(150, show));
  box.addEventListener("keydown", (event) => {
    const rows = [...list.querySelectorAll("[role=option]")], at = rows.indexOf(document.activeElement);
    if (event.key === "Escape") { event.stopPropagation(); close(); }
    else if (event.key === "ArrowDown") { event.preventDefault(); rows[Math.min(rows.length - 1, at + 1)]?.focus(); }
    else if (event.key === "ArrowUp") { event.preventDefault(); at <= 0 ? search.focus() : rows[at - 1].focus(); }
    else if (event.key === "Enter" && document.activeElement === search) { event.preventDefault(); rows[0]?.click(); }
  });
  search.focus();
  show();
}
