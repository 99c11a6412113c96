// A text control that, left empty, stands for what the weights hold: it is shown as that string, and put back to it.
import { ask, html, make, t } from "./dom.js";

/** Shows in the rows of `element` what the weights hold; `call` asks the server, `choices` are the drop-downs as set. */
export async function showHeld(element, engine, set, call) {
  const choices = Object.fromEntries(engine.controls.filter((c) => c.kind === "choice" && c.name in set).map((c) => [c.name, set[c.name]]));
  for (const control of engine.controls.filter((c) => c.held)) {
    const row = () => element.querySelector(`[data-control="${control.name}"]`);
    if (!engine.ready || !row()) continue;
    const under = row().querySelector(".held") || row().appendChild(make(html`<div class="held"><button type="button" class="quiet small" data-act="held">${t("held.back")}</button><p class="failure-text small" role="alert" hidden></p></div>`));
    const found = await ask(call, { engine: engine.id, name: control.name, controls: choices }, under.querySelector("p"));
    if (!found || !row()) continue;
    const field = row().querySelector("input"), before = row().dataset.held;
    row().dataset.held = found.text;
    if (field.value === (before || "") && document.activeElement !== field) field.value = found.text;
  }
}
/** What a control is set to when its field says `text`: nothing, if that is what the weights hold anyway. */
export const unheld = (control, row, text) => (control.held && text.trim() === row.dataset.held ? "" : text);
/** What its field says when it is set to `value`. */
export const shownAs = (control, row, value) => (control.held && value === "" ? row.dataset.held || "" : value);
