// The tray: up to four voices side by side, facts in columns, the same sentence in each in turn.
import { acts, ask, fill, html, iconButton, notice, raw, sign, t } from "./dom.js";
import { show } from "./draw.js";

let part, box, painted;
const chosen = new Map();
const MOST = 4;

/** `again()` is called when the choice changed. */
export function mount(given, place, again) {
  [part, box, painted] = [given, place, again];
  acts(box, { remove: (button) => toggle(chosen.get(button.closest("[data-id]").dataset.id)), compare, clear: () => { chosen.clear(); changed(); } });
}
export const has = (id) => chosen.has(id);
export const all = () => [...chosen.values()];
/** Puts a voice into the tray or takes it out. */
export function toggle(voice) {
  if (chosen.has(voice.id)) chosen.delete(voice.id);
  else if (chosen.size < MOST) chosen.set(voice.id, voice);
  else return notice(t("tray.full", { n: MOST }));
  changed();
}
function changed() {
  fill(box, chosen.size ? html`<div class="card tray" role="group" aria-label="${t("tray.title")}"><b>${t("tray.title")}</b>
    ${all().map((v) => html`<span class="tray-voice" data-id="${v.id}"><span class="glyph">${raw(v.glyph)}</span>${v.name}${iconButton("remove", "close", t("tray.remove", { name: v.name }))}</span>`)}
    <span class="stretch"></span><button type="button" class="quiet" data-act="clear">${t("tray.clear")}</button>
    <button type="button" class="button" data-act="compare" id="tray-compare" ${raw(chosen.size < 2 ? "disabled" : "")}>${sign("compare")}${t("tray.compare")}</button></div>` : "");
  painted();
}

async function compare() {
  const opened = (await Promise.all(all().map((v) => ask(part.server.voice_opened, { id: v.id })))).filter(Boolean);
  const begun = await ask(part.server.compare_voices, { ids: all().map((v) => v.id) });
  if (begun) show(begun, { more: facts(opened) });
}
/** Every fact of every voice; those that differ stand out. */
function facts(voices) {
  const names = [...new Set(voices.flatMap((v) => v.rows.map(([name]) => name)))];
  const rows = [...names.map((name) => [name, voices.map((v) => v.rows.find(([n]) => n === name)?.[1] || "")]), [t("voice.tags"), voices.map((v) => v.tags.join(", "))]];
  return html`<div class="sides"><table><thead><tr><th></th>${voices.map((v) => html`<th scope="col">${v.name}</th>`)}</tr></thead><tbody>
    ${rows.map(([name, values]) => html`<tr class="${new Set(values).size > 1 ? "differs" : ""}"><th scope="row">${name}</th>${values.map((value) => html`<td>${value}</td>`)}</tr>`)}</tbody></table></div>`;
}
