// Styles: what each sets, side by side, heard; one's own made, edited, read from files and written to them.
import { acts, ask, dialog, fill, html, iconButton, notice, options, ordered, raw, sign, t, tell } from "./dom.js";
import { controlRow } from "./controls.js";
import * as desk from "./desk.js";
import { show } from "./draw.js";

let part, box, told = null, engine = "";
const chosen = new Set();

export function mount(given, place) {
  [part, box] = [given, place];
  acts(box, { closestyles: () => { told = null; fill(box, ""); }, newstyle: () => edit(null), editstyle: (b) => edit(of(b)), copystyle: (b) => edit({ ...of(b), copy: true }), write, dropstyle, usestyle, comparestyles: compare });
  box.addEventListener("change", ({ target }) => {
    if (target.name === "engine") { engine = target.value; chosen.clear(); load(); }
    else if (target.name === "chosen") { target.checked ? chosen.add(target.value) : chosen.delete(target.value); paintCompare(); }
    else if (target.id === "style-file") read(target);
  });
}
/** Opens the panel. */
export async function open() {
  engine ||= desk.settings().engine;
  await load();
  box.scrollIntoView({ block: "nearest" });
}
const inTurn = ordered();
async function load() {
  const found = await inTurn(ask(part.server.styles_shown, { engine }));
  if (found) { told = found; paint(); }
}
const of = (button) => told.styles.find((s) => s.id === button.closest("[data-style]").dataset.style);
const ready = () => desk.studio().engines.filter((e) => e.controls.length);

function paint() {
  fill(box, html`<section class="card styles" aria-label="${t("styles.title")}">
    <div class="row"><h2>${t("styles.title")}</h2><label class="inline-field"><span class="hidden-label">${t("desk.engine")}</span><select name="engine">${options(ready().map((e) => [e.id, e.title]), engine)}</select></label><span class="stretch"></span>
      <button type="button" class="quiet" data-act="newstyle" id="style-new">${sign("add")}${t("styles.new")}</button>
      <label class="quiet file-button">${sign("file")}${t("styles.read")}<input type="file" id="style-file" accept=".toml" class="hidden-label"></label>
      <button type="button" class="button" data-act="comparestyles" id="style-compare">${sign("compare")}${t("styles.compare")}</button>${iconButton("closestyles", "close", t("close"))}</div>
    <p class="failure-text" id="styles-failure" role="alert" hidden></p>
    <div class="style-rows">${told.styles.map(row)}</div></section>`);
  paintCompare();
}
const row = (s) => html`<div class="style-row" data-style="${s.id}"><label class="check"><input type="checkbox" name="chosen" value="${s.name}" ${raw(chosen.has(s.name) ? "checked" : "")}><span class="voice-text"><b>${s.label}</b><span class="soft" title="${values(s)}">${s.about || values(s)}</span></span></label>
  <span class="style-values soft small">${values(s)}</span>
  <span class="row style-acts">${s.shipped ? "" : iconButton("editstyle", "edit", t("styles.edit"))}${iconButton("copystyle", "add", t("styles.copy"))}${iconButton("write", "download", t("styles.write"))}${s.shipped ? "" : iconButton("dropstyle", "trash", t("delete"))}
  <button type="button" class="quiet strong" data-act="usestyle">${t("voice.use")}</button></span></div>`;
const values = (s) => told.controls.filter((c) => c.name in s.controls).map((c) => `${c.label} ${said(c, s.controls[c.name])}`).join(" · ");
const said = (control, value) => (control.kind === "choice" ? control.choices.find(([v]) => v === value)?.[1] : control.kind === "switch" ? t(value ? "styles.on" : "styles.off") : value);
function paintCompare() {
  const button = box.querySelector("#style-compare");
  button.disabled = chosen.size < 2;
  button.title = chosen.size < 2 ? t("styles.compare.help") : "";
}

async function compare() {
  const begun = await ask(part.server.compare_styles, { engine, names: [...chosen], voice: desk.settings().engine === engine ? desk.settings().voice : "" }, box.querySelector("#styles-failure"));
  if (!begun) return;
  const names = begun.places.map((p) => p.name);
  show(begun, { more: html`<div class="sides"><table><thead><tr><th></th>${names.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead><tbody>
    ${begun.table.map((r) => html`<tr class="${r.differs ? "differs" : ""}"><th scope="row">${r.label}</th>${r.values.map((value) => html`<td>${value ?? html`<span class="soft">${r.default}</span>`}</td>`)}</tr>`)}</tbody></table></div>` });
}

/** A style's controls in a dialog: those that are set, and one more at a time. */
async function edit(style) {
  const fresh = !style || style.copy, set = { ...(style?.controls || {}) };
  const name = style?.copy ? t("styles.copy.name", { name: style.label }) : style?.name || "";
  const asked = dialog(t(fresh ? "styles.new" : "styles.edit"), html`<label class="field"><span>${t("name")}</span><input name="name" maxlength="80" required autofocus value="${name}"></label>
    <label class="field"><span>${t("open.description")}</span><input name="about" maxlength="500" value="${style?.about || ""}"></label>
    <div class="controls" id="style-controls"></div>
    <label class="field"><span>${t("styles.add")}</span><select id="style-add"></select></label>`, [["save", t("save"), "primary"]]);
  const sheet = document.querySelector("dialog[open]:last-of-type"), holder = sheet.querySelector("#style-controls");
  const draw = () => {
    fill(holder, html`${told.controls.filter((c) => c.name in set).map((c) => html`<div class="style-control">${controlRow(c, c.default, set[c.name])}${iconButton("without", "close", t("styles.without", { name: c.label }), `data-name="${c.name}"`)}</div>`)}`);
    fill(sheet.querySelector("#style-add"), options([["", "–"], ...told.controls.filter((c) => !(c.name in set)).map((c) => [c.name, c.label])], ""));
  };
  draw();
  acts(holder, { without: (button) => { delete set[button.dataset.name]; draw(); }, reset: (button) => { const one = control(button); set[one.name] = one.default; draw(); }, help: (button) => { const text = button.closest("[data-control]").querySelector(".control-help"); text.hidden = !text.hidden; button.setAttribute("aria-expanded", !text.hidden); } });
  const control = (element) => told.controls.find((c) => c.name === element.closest("[data-control]").dataset.control);
  holder.addEventListener("input", ({ target }) => {
    const one = control(target), numeric = ["number", "integer"].includes(one.kind);
    set[one.name] = one.kind === "switch" ? target.checked : numeric ? Number(target.value) : target.value;
    for (const twin of target.closest("[data-control]").querySelectorAll("input")) if (numeric && twin !== target) twin.value = target.value;
  });
  sheet.querySelector("#style-add").addEventListener("change", ({ target }) => { if (target.value) { const one = told.controls.find((c) => c.name === target.value); set[one.name] = one.default; draw(); } });
  const { pressed, values: given } = await asked;
  if (pressed !== "save") return;
  const without = Object.keys(style?.controls || {}).filter((key) => !(key in set));
  const after = await ask(part.server.style_edited, { engine, name: style?.name || "", rename: given.name.trim(), description: given.about.trim(), controls: set, without: fresh ? [] : without, new: fresh }, box.querySelector("#styles-failure"));
  if (after) kept(after);
}
function kept(after) {
  told = after;
  paint();
  tell("styles");
}
async function dropstyle(button) {
  const style = of(button), after = await ask(part.server.style_dropped, { engine, name: style.id });
  if (!after) return;
  chosen.delete(style.name);
  kept(after);
  notice(t("styles.dropped", { name: style.label }), { act: t("undo"), run: async () => { const again = await ask(part.server.style_edited, { engine, rename: style.name, description: style.about, controls: style.controls, new: true }); if (again) kept(again); } });
}
async function usestyle(button) {
  await desk.useStyle(engine, of(button).name);
}
/** A file of the format of `presets/`. */
async function write(button) {
  const style = of(button), made = await ask(part.server.style_written, { name: style.name });
  if (!made) return;
  const link = document.createElement("a");
  link.download = style.name.replace(/[\\/:*?"<>|\s]+/g, "-") + ".toml";
  link.href = URL.createObjectURL(new Blob([made.text], { type: "application/toml" }));
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
async function read(field) {
  const [file] = field.files;
  field.value = "";
  if (!file) return;
  const text = await file.slice(0, 1 << 17).text();
  const made = await ask(part.server.style_read, { text, file: file.name }, box.querySelector("#styles-failure"));
  if (!made) return;
  await load();
  tell("styles");
  notice(t("styles.kept", { name: made.name, engines: made.engines.join(", ") }));
}
