// The step after an engine: in whose voice it is said again. There only where some engine is ready to.
import { html, options, raw, t } from "./dom.js";

/** A choice of voices; `timbres` is `[[engine, title, [[voice, name], …]], …]`, `now` holds into and converter. */
export function field(timbres, now, attributes, none = t("into.none")) {
  if (!timbres.length && !now.into) return "";
  const rows = timbres.flatMap(([engine, title, voices]) => voices.map(([voice, name]) => [engine, voice, timbres.length > 1 ? `${name} · ${title}` : name]));
  let at = rows.find(([engine, voice]) => voice === now.into && (!now.converter || engine === now.converter));
  if (now.into && !at) rows.unshift((at = [now.converter, now.into, now.into])); // chosen elsewhere, or gone since
  const choices = rows.map(([engine, voice, name]) => [JSON.stringify([voice, engine]), name]);
  return html`<label class="field into" title="${t("into.help")}"><span class="soft small">${t("into")}</span><select ${raw(attributes)}>${options([["", none], ...choices], at ? JSON.stringify([at[1], at[0]]) : "")}</select></label>`;
}

/** What is chosen in the select of this id; nothing where it is not on the page. */
export const chosen = (id) => read(document.getElementById(id)?.value);

/** What was chosen, as requests take it. */
export function read(value) {
  const [into, converter] = value ? JSON.parse(value) : ["", ""];
  return { into, converter };
}
