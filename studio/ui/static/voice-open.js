// One voice opened on the right: facts, descent, previews, recommended controls, notes; and hearing one at once.
import { acts, ask, fill, html, iconButton, make, notice, options, raw, root, sign, t, tell } from "./dom.js";
import * as desk from "./desk.js";
import * as draws from "./draw.js";
import { exportOne } from "./exchange.js";
import * as player from "./player.js";
import { go } from "./frame.js";
import * as measures from "./voice-measures.js";

let part, box = null, voice = null, before = null;

export function mount(given) {
  part = given;
}

/** Plays the kept preview of a voice of the library at once; where there is none, it speaks, and that is kept. */
export async function hear(one, text = "") {
  const answer = await ask(part.server.voice_heard, { id: one.id, text });
  if (!answer) return;
  if (answer.take) return player.playTake({ ...answer.take, title: one.name });
  const heard = await player.perform(root + answer.stream, { title: one.name, facts: answer.facts }).catch((error) => notice(error.message, { kind: "failure" }));
  const take = heard && (await ask(part.server.voice_heard_made, { id: answer.id, voice: one.id }));
  if (!take) return;
  player.finished({ ...take, title: one.name });
  if (voice?.id === one.id) refresh();
}

/** Opens a voice beside the wall. */
export async function open(id) {
  const found = await ask(part.server.voice_opened, { id });
  if (!found) return;
  voice = found;
  if (!box) {
    before = document.activeElement;
    box = make(html`<aside id="voice-open" class="card" tabindex="-1"></aside>`);
    part.element.append(box);
    acts(box, { closevoice: close, hearvoice: () => hear(voice), sentence, use, useas, sweep: () => { const one = voice; close(); draws.sweep(one); }, playpreview, droppreview, ancestor: (button) => open(button.dataset.id), edit: () => paint(true), recommend, export: () => exportOne(voice), cancel: () => paint(), save });
    box.addEventListener("keydown", (event) => { if (event.key === "Escape" && !document.getElementById("picker")) { event.stopPropagation(); close(); } });
  }
  paint();
  box.focus({ preventScroll: true });
}
export function close() {
  box?.remove();
  box = voice = null;
  before?.focus?.({ preventScroll: true });
}
async function refresh() {
  const found = await ask(part.server.voice_opened, { id: voice.id });
  if (found && box) { voice = found; paint(); }
}

function paint(editing = false) {
  box.setAttribute("aria-label", voice.name);
  fill(box, html`
    <div class="row open-head"><span class="glyph huge">${raw(voice.glyph)}</span><div class="voice-text"><h2>${voice.name}</h2><span class="soft small">${voice.facts}</span></div>${iconButton("closevoice", "close", t("close"))}</div>
    <div class="row"><button type="button" class="button" data-act="hearvoice" id="open-hear">${sign("play")}${t("voice.hear")}</button>
      <button type="button" class="button" data-act="use" id="open-use">${t("voice.use")}</button>${editing ? "" : html`<button type="button" class="quiet" data-act="edit" id="open-edit">${sign("edit")}${t("open.edit")}</button><button type="button" class="quiet" data-act="sweep" id="open-sweep">${sign("dice")}${t("open.sweep")}</button><button type="button" class="quiet" data-act="export" id="open-export">${sign("download")}${t("exchange.export")}</button>`}</div>
    ${editing ? form() : html`${voice.description ? html`<p>${voice.description}</p>` : ""}
    ${voice.tags.length ? html`<div class="voice-tags">${voice.tags.map((tag) => html`<span class="tag">${tag}</span>`)}</div>` : ""}
    <dl class="facts">${voice.rows.map(([name, text]) => html`<dt>${name}</dt><dd>${text}</dd>`)}</dl>
    ${voice.descent.length ? html`<section><h3>${t("open.descent")}</h3>${tree(voice.descent)}</section>` : ""}
    <section><h3>${t("open.controls")}</h3>${voice.controls.length ? html`<dl class="facts">${voice.controls.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>` : ""}
      <div class="row">${voice.controls.length ? html`<button type="button" class="quiet strong" data-act="useas" id="open-use-controls">${t("open.use.controls")}</button>` : ""}
      <button type="button" class="quiet" data-act="recommend" id="open-recommend" ${raw(desk.settings().engine === voice.engine ? "" : "disabled")}>${t("open.recommend")}</button></div></section>
    <section><h3>${t("measure.title")}</h3><div id="open-measures"></div></section>
    <section><h3>${t("open.previews")}</h3>${voice.previews.length ? html`<div class="previews">${voice.previews.map(preview)}</div>` : html`<p class="soft small">${t("open.previews.none")}</p>`}
      <div class="row open-say"><input id="open-sentence" maxlength="1000" placeholder="${t("open.sentence")}" aria-label="${t("open.sentence")}">${iconButton("sentence", "play", t("open.say"))}</div></section>
    ${voice.note ? html`<section><h3>${t("note")}</h3><p class="note-text">${voice.note}</p></section>` : ""}`}`);
  if (!editing) measures.into(box.querySelector("#open-measures"), part, voice);
  box.querySelector("#open-sentence")?.addEventListener("keydown", (event) => { if (event.key === "Enter") sentence(); });
}
const preview = (take) => html`<div class="preview" data-digest="${take.digest}">${iconButton("playpreview", "play", t("voice.hear"))}<span class="voice-text"><b>${take.title}</b><span class="soft small">${take.facts}</span></span>${iconButton("droppreview", "trash", t("open.preview.drop"))}</div>`;
const tree = (rows) => html`<ul class="descent">${rows.map((one) => html`<li>${one.id ? html`<button type="button" class="link" data-act="ancestor" data-id="${one.id}">${one.name}</button>` : html`<span>${one.name}</span>`} <span class="soft small">${one.share}</span>${one.parents.length ? tree(one.parents) : ""}</li>`)}</ul>`;

const form = () => html`<div class="open-form">
  <label class="field"><span>${t("name")}</span><input name="name" maxlength="80" required value="${voice.name}"></label>
  <label class="field"><span>${t("voice.tags")}</span><input name="tags" value="${voice.tags.join(", ")}" placeholder="${t("voice.tags.help")}"></label>
  <label class="field"><span>${t("open.description")}</span><textarea class="plain" name="description" rows="2" maxlength="2000">${voice.description}</textarea></label>
  <div class="draw-form"><label class="field"><span>${t("open.gender")}</span><select name="gender">${options([["", t("open.unknown")], ...["female", "male", "neutral"].map((g) => [g, t("gender." + g)])], voice.gender)}</select></label>
  <label class="field"><span>${t("open.age")}</span><input name="age" maxlength="50" value="${voice.age}"></label></div>
  <label class="field"><span>${t("open.languages")}</span><input name="languages" value="${voice.languages.join(", ")}" placeholder="zh, en"></label>
  <label class="field"><span>${t("note")}</span><textarea class="plain" name="note" rows="3" maxlength="2000">${voice.note}</textarea></label>
  <p class="failure-text" id="open-failure" role="alert" hidden></p>
  <div class="row"><button type="button" class="button primary" data-act="save" id="open-save">${t("save")}</button><button type="button" class="button" data-act="cancel">${t("cancel")}</button></div></div>`;

const words = (text) => text.split(/[,，、;；]/).map((word) => word.trim()).filter(Boolean);
async function save() {
  const of = (name) => box.querySelector(`[name=${name}]`).value.trim();
  const after = await ask(part.server.voice_edited, { id: voice.id, name: of("name"), tags: words(of("tags")), languages: words(of("languages")), description: of("description"), gender: of("gender"), age: of("age"), note: of("note") }, box.querySelector("#open-failure"));
  if (!after) return;
  voice = after;
  paint();
  tell("voices");
}
async function use() {
  await desk.useVoice(voice.id, voice.engine);
  close();
  go("speak");
}
/** With the controls that it was kept with. */
async function useas() {
  const { id, engine, recommended } = voice;
  await desk.useVoice(id, engine);
  await desk.load({ ...desk.settings(), controls: recommended });
  close();
  go("speak");
}
/** What is set on the Speak page is what suits this voice. */
async function recommend() {
  const after = await ask(part.server.voice_recommended, { id: voice.id, controls: desk.settings().controls || {} });
  if (!after) return;
  voice = after;
  paint();
}
function sentence() {
  const text = box.querySelector("#open-sentence").value.trim();
  if (text) hear(voice, text);
}
const takeOf = (button) => voice.previews.find((one) => one.digest === button.closest("[data-digest]").dataset.digest);
const playpreview = (button) => player.playTake({ ...takeOf(button), title: voice.name });
async function droppreview(button) {
  const after = await ask(part.server.preview_dropped, { id: voice.id, take: takeOf(button).digest });
  if (after) { voice = after; paint(); }
}
