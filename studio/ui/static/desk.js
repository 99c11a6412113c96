// The desk: who speaks and how. Its value is a Gradio component's value, so that Generate sends exactly what is shown.
import { acts, ask, dialog, fill, hear, html, iconButton, notice, options, ordered, raw, remember, t, tell } from "./dom.js";
import { controlRow, changed } from "./controls.js";
import { go } from "./frame.js";
import * as into from "./into.js";
import { showHeld, shownAs, unheld } from "./held.js";
import { face, pick } from "./picker.js";

let part, told, chosen;
const SEEDS = 2147483648;

/** Everything that is set, as the server takes it. */
export const settings = () => part.props.value;
export const engine = () => told.engines.find((e) => e.id === settings().engine);
/** What the page was told when it opened: engines, marks, steps, polish, formats, examples. */
export const studio = () => told;
/** Whether it was told already; "desk" is heard once it is. */
export const ready = () => Boolean(told);
let open;
/** Kept once it was told: a file may be dropped before. */
export const opened = new Promise((done) => { open = done; });

/** Changes settings, keeps them for the next visit and lets the page know. */
export function set(patch) {
  part.props.value = { ...settings(), ...patch };
  remember.set("desk", part.props.value);
  tell("settings", Object.keys(patch));
}

export async function mount(given) {
  part = given;
  told = await ask(part.server.speak_begin);
  if (!told) return null;
  const kept = remember.get("desk", {});
  const known = told.engines.some((e) => e.id === kept.engine && e.ready);
  part.props.value = { ...told.start, ...(known ? kept : {}) };
  sound();
  await seeVoice();
  paint();
  acts(part.element, { call: () => tell("call"), string: showString, voice: openPicker, dice, reset, held: unset, group, savestyle: saveStyle, allstyles: () => { go("voices"); tell("openstyles"); }, dropstyle: dropStyle, help });
  part.element.addEventListener("input", changeControl);
  part.element.addEventListener("change", change);
  hear("voices", async () => { await seeVoice(); told.timbres = (await ask(part.server.timbres)) || told.timbres; paintVoice(); paintInto(); });
  hear("models", installed);
  tell("desk");
  open();
  hear("styles", async () => {
    told.styles = (await ask(part.server.speak_begin))?.styles || told.styles;
    if (settings().style && !style()) set({ style: "" });
    paint();
  });
  return told;
}

/** A model came or went: its engine can be chosen from now on, or no longer. */
async function installed(states) {
  if (told.engines.every((e) => !(e.id in states) || states[e.id] === e.state)) return;
  Object.assign(told, await ask(part.server.speak_begin));
  sound();
  if (!engine().ready) useEngine(told.start.engine);
  await seeVoice();
  paint();
}

/** Drops what the engine does not have: a kept setting may be from an older version of it. */
function sound() {
  const names = new Set(engine().controls.map((c) => c.name));
  const controls = Object.fromEntries(Object.entries(settings().controls || {}).filter(([name]) => names.has(name)));
  part.props.value = { ...settings(), controls, ...(told.timbres.length ? {} : { into: "", converter: "" }) };
}

const voiceInTurn = ordered();
/** How the chosen voice looks; one that is gone is put down. */
async function seeVoice() {
  const { engine, voice } = settings(), shown = await voiceInTurn(ask(part.server.voice_shown, { engine, voice }));
  if (shown === undefined) return;
  chosen = shown;
  if (shown || !voice || settings().voice !== voice || settings().engine !== engine) return;
  set({ voice: "" });
  await seeVoice();
}
/** The label of the chosen voice. */
export const voiceName = () => chosen?.name || "";

/** Uses a voice, and its engine if that is another one. */
export async function useVoice(ref, engineId = settings().engine) {
  if (engineId !== settings().engine) useEngine(engineId);
  set({ voice: ref });
  await seeVoice();
  paint();
}
/** Uses a style, and its engine if that is another one. */
export async function useStyle(engineId, name) {
  if (engineId !== settings().engine) useEngine(engineId);
  set({ style: name, controls: {} });
  await seeVoice();
  paint();
  go("speak");
}
function useEngine(id) {
  set({ engine: id, voice: "", controls: {}, style: "", mode: "" });
  set({ mode: engine().modes[0]?.[0] || "speak" });
}

/** Fills the desk from a recipe's request. */
export async function load(request) {
  const { text, ...rest } = request;
  set({ ...told.start, ...rest, steps: rest.steps || {} });
  if (rest.into && !told.timbres.length) notice(t("into.gone"));
  sound();
  await seeVoice();
  paint();
}

/** The voice as the string that people exchange; another is used by pasting it into the search for voices. */
async function showString() {
  const found = await ask(part.server.voice_string, { engine: settings().engine, voice: settings().voice });
  if (found) dialog(t("desk.string"), html`<p class="soft small">${t("desk.string.help")}</p><textarea id="voice-code" rows="6" readonly autofocus aria-label="${t("desk.string")}">${found.code}</textarea>`);
}
const group = (button) => remember.set("group-" + button.dataset.group, button.parentElement.open ? 0 : 1);

function paint() {
  const now = settings(), spec = engine();
  const of = (name) => spec.controls.filter((c) => c.group === name);
  const rows = (list) => list.map((c) => controlRow(c, base(c), now.controls[c.name]));
  const groups = ["timbre", "refining", "sampling", "expert"].filter((name) => of(name).length);
  fill(part.element.querySelector(".part-desk"), html`
    <label class="field"><span>${t("desk.engine")}</span><select id="engine" data-set="engine">
      ${told.engines.map((e) => html`<option value="${e.id}" ${raw(e.id === now.engine ? "selected" : "")} ${raw(e.ready ? "" : "disabled")}>${e.title}${e.ready ? "" : " · " + t("model.state." + e.state)}</option>`)}</select></label>
    <div class="field"><span>${t("desk.voice")}</span><button type="button" class="voice-button" id="voice" data-act="voice" aria-haspopup="dialog"></button>${told.engines.find((e) => e.id === now.engine)?.strings ? html`<button type="button" class="quiet small" id="voice-string" data-act="string">${t("desk.string")}</button>` : ""}<div id="into-field"></div></div>
    <div class="field-row"><label class="field"><span>${t("desk.style")}</span><select id="style" data-set="style">
      ${options([["", t("desk.style.none")], ...stylesHere().map((s) => [s.name, s.label])], now.style)}</select></label>
      ${iconButton("savestyle", "add", t("desk.style.save"), 'id="style-save"')}
      ${iconButton("allstyles", "compare", t("styles.title"), 'id="style-all"')}
      ${iconButton("dropstyle", "trash", t("desk.style.delete"), `id="style-delete" ${stylesHere().find((s) => s.name === now.style && !s.shipped) ? "" : "disabled"}`)}</div>
    ${spec.modes.length > 1 ? html`<label class="field"><span>${t("desk.mode")}</span><select id="mode" data-set="mode">${options(spec.modes, now.mode)}</select></label>` : ""}
    <div class="controls">${rows(of("basic"))}</div>
    <div class="seeds">
      ${spec.kinds.includes("seed") ? seedRow("voiceseed", t("desk.voiceseed"), seedOf(now.voice), t("desk.voiceseed.help")) : ""}
      ${seedRow("seed", t("desk.seed"), now.seed, t("desk.seed.help"))}
    </div>
    <label class="field" title="${t("desk.split.help")}"><span>${t("desk.split")}</span><span class="with-unit"><input type="number" id="split" data-set="split" min="0" max="500" step="10" placeholder="${t("desk.split.auto")}" value="${now.split || ""}"><span class="soft">${t("unit.characters")}</span></span></label>
    ${groups.map((name) => html`<details class="group" ${raw(remember.get("group-" + name, 0) ? "open" : "")}>
      <summary data-act="group" data-group="${name}">${t("group." + name)}<span class="dot" ${raw(of(name).some((c) => changed(c, base(c), now.controls[c.name])) ? "" : "hidden")}></span></summary>
      <div class="controls">${rows(of(name))}</div></details>`)}
    <button type="button" class="quiet" id="call" data-act="call">${t("call.button")}</button>`);
  paintVoice();
  paintInto();
  held();
}
const paintInto = () => fill(part.element.querySelector("#into-field"), into.field(told.timbres, settings(), 'id="into" data-set="into"'));
const held = () => showHeld(part.element, engine(), settings().controls, part.server.control_held);
function paintVoice() {
  const button = part.element.querySelector("#voice");
  if (button && chosen) fill(button, face(chosen));
}
const seedOf = (voice) => (/^seed:\d+$/.test(voice) ? voice.slice(5) : "");
const seedRow = (name, label, value, help) => html`<div class="seed-row"><label class="field" title="${help}"><span>${label}</span>
  <input type="text" inputmode="numeric" autocomplete="off" id="${name}" data-set="${name}" value="${value}" placeholder="${name === "voiceseed" ? t("desk.voiceseed.none") : "0"}" aria-label="${label}"></label>
  ${iconButton("dice", "dice", t("desk.dice"), `data-seed="${name}" id="${name}-dice"`)}</div>`;

const stylesHere = () => told.styles.filter((s) => !s.engine || s.engine === settings().engine);
const style = () => told.styles.find((s) => s.name === settings().style);
/** A control's value when it is not touched: the style's, else the engine's. */
const base = (control) => style()?.controls[control.name] ?? control.default;

function changeControl(event) {
  const row = event.target.closest("[data-control]");
  if (!row) return;
  const control = engine().controls.find((c) => c.name === row.dataset.control);
  const value = control.kind === "switch" ? event.target.checked : ["number", "integer"].includes(control.kind) ? Number(event.target.value) : unheld(control, row, event.target.value);
  if (!event.target.value && control.kind !== "text" && control.kind !== "switch") return;
  put(control, value, row, event.target);
}
function put(control, value, row, touched) {
  const controls = { ...settings().controls };
  if (value === base(control)) delete controls[control.name]; else controls[control.name] = value;
  set({ controls });
  for (const field of row.querySelectorAll("input, select"))
    if (field !== touched) field.type === "checkbox" ? (field.checked = value) : (field.value = shownAs(control, row, value));
  dots(row, control);
  if (control.kind === "choice") held();
}
function dots(row, control) {
  const on = changed(control, base(control), settings().controls[control.name]);
  row.querySelector(".reset").hidden = !on;
  const holder = row.closest("details");
  if (holder) holder.querySelector(".dot").hidden = ![...holder.querySelectorAll(".reset")].some((r) => !r.hidden);
}
function reset(button) {
  const row = button.closest("[data-control]");
  const control = engine().controls.find((c) => c.name === row.dataset.control);
  put(control, base(control), row, null);
}
/** Back to what the weights hold. */
function unset(button) {
  const row = button.closest("[data-control]");
  put(engine().controls.find((c) => c.name === row.dataset.control), "", row, null);
}
function help(button) {
  const text = button.closest("[data-control]").querySelector(".control-help");
  text.hidden = !text.hidden;
  button.setAttribute("aria-expanded", !text.hidden);
}

async function change(event) {
  const name = event.target.dataset.set;
  if (!name) return;
  const value = event.target.value.trim();
  if (name === "engine") { useEngine(value); await seeVoice(); paint(); }
  else if (name === "style") { set({ style: value, controls: {} }); paint(); }
  else if (name === "mode") set({ mode: value });
  else if (name === "into") set(into.read(value));
  else if (name === "voiceseed") useVoice(value === "" ? "" : "seed:" + value);
  else if (name === "split") set({ split: number(value) });
  else set({ seed: number(value) });
}
/** A seed as typed; what is no number goes to the server as it is, which says what would be right. */
const number = (text) => (/^\d+$/.test(text) ? Number(text) : text === "" ? 0 : text);

function dice(button) {
  const drawn = Math.floor(Math.random() * (button.dataset.seed === "seed" ? 1e6 : Math.min(SEEDS, 1e6)));
  if (button.dataset.seed === "voiceseed") return useVoice("seed:" + drawn);
  part.element.querySelector("#seed").value = drawn;
  set({ seed: drawn });
}

function openPicker() {
  const button = part.element.querySelector("#voice");
  pick(button, (search) => ask(part.server.voices_offered, { engine: settings().engine, search }), settings().voice, (ref) => useVoice(ref));
}

async function saveStyle() {
  const { dialog } = await import("./dom.js");
  const answer = await dialog(t("desk.style.save"), html`<p class="soft small" style="margin:0">${t("desk.style.save.help")}</p>
    <label class="field"><span>${t("name")}</span><input name="name" maxlength="80" required autofocus value="${style() && !style().shipped ? style().name : ""}"></label>`,
    [["save", t("save"), "primary"]]);
  if (answer.pressed !== "save") return;
  const name = answer.values.name.trim();
  const styles = await ask(part.server.save_style, { name, engine: settings().engine, controls: { ...(style()?.controls || {}), ...settings().controls } });
  if (!styles) return;
  told.styles = styles;
  set({ style: name, controls: {} });
  paint();
}
async function dropStyle() {
  const styles = await ask(part.server.delete_style, { name: settings().style });
  if (!styles) return;
  told.styles = styles;
  set({ style: "" });
  paint();
}
