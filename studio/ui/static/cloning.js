// A voice from a recording: dropped or spoken, looked at by the doctor, cut, kept with consent; and what belongs to it later.
import { acts, ask, dialog, fill, hear, html, iconButton, language, later, notice, options, raw, root, sign, sounds, t, tell } from "./dom.js";
import * as desk from "./desk.js";
import { go } from "./frame.js";
import { record, takesFiles, upload } from "./microphone.js";
import { quiet } from "./player.js";
import { draw } from "./wave.js";

let part, body, form = null, found = null, ticket = "", stretch = [0, 0], audio;
const page = () => document.getElementById("page-voices");
const failure = () => body.querySelector("#clone-failure");
const field = (name) => body.querySelector(`[name="${name}"]`);

export function mount(given) {
  part = given;
  body = part.element.querySelector(".part-cloning");
  acts(body, { close, record: (button) => record(button, failure(), examine), hear: play, write, save: () => save(false), use: () => save(true), models: () => go("models") });
  hear("clonethis", open);
  hear("page", () => { if (page()?.classList.contains("cloning")) close(); });
}

/** The form in place of the wall; `file` is a recording that was dropped on the page. */
export async function open(file = null) {
  form = await ask(part.server.clone_start);
  if (!form) return;
  found = null;
  page().classList.add("cloning");
  fill(body, html`<div class="page-head"><button type="button" class="icon-button" data-act="close" aria-label="${t("clone.back")}" title="${t("clone.back")}">${sign("left")}</button><h1>${t("clone.title")}</h1></div>
    ${form.engines.length ? html`<label class="drop" id="clone-drop"><input type="file" id="clone-file" accept="audio/*,video/*" class="hidden-label">
      ${sign("mic")}<span><b>${t("clone.drop")}</b><span class="soft small">${t("clone.drop.help")}</span></span></label>
    <div class="row"><button type="button" class="button" data-act="record" id="clone-record">${sign("mic")}<span>${t("hear.record")}</span></button></div>`
    : html`<div class="empty"><p>${t("clone.noengine", { names: form.others.join(" · ") })}</p><button type="button" class="button primary" data-act="models">${t("clone.install")}</button></div>`}
    <p class="failure-text" id="clone-failure" role="alert" hidden></p><div id="clone-found"></div><audio id="clone-audio" preload="metadata"></audio>`);
  if (!form.engines.length) return;
  takesFiles(body.querySelector("#clone-drop"), examine);
  if (file) examine(file, file.name);
  audio = body.querySelector("#clone-audio");
  audio.addEventListener("timeupdate", () => { if (!audio.paused && audio.currentTime >= stretch[1]) audio.pause(); paintPlay(); });
  for (const name of ["play", "pause"]) audio.addEventListener(name, paintPlay);
}
function close() {
  page().classList.remove("cloning");
  audio?.pause();
  fill(body, "");
}

/* ---- what the doctor says ---- */
async function examine(file, name) {
  const sent = await upload(file, name, failure());
  if (!sent) return;
  fill(body.querySelector("#clone-found"), html`<p class="soft">${t("clone.looking")}</p>`);
  found = await ask(part.server.examine, { upload: sent }, failure());
  if (!found) return fill(body.querySelector("#clone-found"), "");
  ticket = sent;
  audio.src = `${root}/recordings/${ticket}`;
  stretch = found.best || [0, Math.min(10, found.seconds)];
  paint();
}
const engineOf = () => (form.engines.some(([id]) => id === desk.settings().engine) ? desk.settings().engine : form.engines[0][0]);
const shapes = { good: "check", fair: "warning", poor: "close" };

function paint() {
  fill(body.querySelector("#clone-found"), html`<section class="card clone" aria-label="${found.name}">
    <div class="clone-wave"><canvas id="clone-canvas"></canvas><div id="clone-chosen"></div></div>
    <div class="row"><button type="button" class="button" data-act="hear" id="clone-hear">${sign("play")}<span>${t("clone.hear")}</span></button>
      <label class="inline-field"><span>${t("clone.from")}</span><input type="number" name="start" min="0" max="${found.seconds.toFixed(1)}" step="0.1"></label>
      <label class="inline-field"><span>${t("clone.to")}</span><input type="number" name="end" min="0" max="${found.seconds.toFixed(1)}" step="0.1"></label>
      <span class="soft small" id="clone-length"></span></div>
    <ul class="findings">${found.findings.map(([verdict, label, told, advice, id]) => html`<li data-finding="${id}" data-verdict="${verdict}"><span class="verdict verdict-${verdict}">${sign(shapes[verdict])}${t("clone." + verdict)}</span>
      <span><b>${label}</b> ${told}${advice ? html`<span class="soft">${advice}</span>` : ""}</span></li>`)}</ul>
    <div class="clone-fields"><label class="field"><span>${t("name")}</span><input name="name" maxlength="80" value="${found.name}"></label>
      <label class="field"><span>${t("desk.engine")}</span><select name="engine">${options(form.engines, engineOf())}</select><span class="soft small" id="clone-use"></span></label>
      <label class="field wide-field"><span>${t("clone.transcript")}</span><textarea name="transcript" rows="2" maxlength="2000" placeholder="${t("clone.transcript.help")}"></textarea></label>
      ${form.listens ? html`<button type="button" class="quiet" data-act="write" id="clone-write">${sign("transcribe")}${t("clone.write")}</button>` : ""}</div>
    ${consent({ speaker: t("clone.me"), uses: ["personal"], expires: "", note: "" }, false)}
    <div class="row"><button type="button" class="button primary" data-act="use" id="clone-save">${t("clone.use")}</button>
      <button type="button" class="button" data-act="save" id="clone-keep">${t("clone.save")}</button></div></section>`);
  const canvas = body.querySelector("#clone-canvas");
  draw(canvas, found.peaks);
  canvas.parentElement.addEventListener("pointerdown", drag);
  for (const name of ["start", "end"]) field(name).addEventListener("change", () => choose(Number(field("start").value), Number(field("end").value)));
  field("engine").addEventListener("change", paintUse);
  choose(...stretch);
}
const rounded = (s) => Math.round(s * 100) / 100;
function choose(from, to) {
  stretch = [rounded(Math.max(0, Math.min(from, to))), rounded(Math.min(found.seconds, Math.max(from, to)))];
  [field("start").value, field("end").value] = stretch.map((s) => s.toFixed(2));
  const chosen = body.querySelector("#clone-chosen");
  chosen.style.insetInlineStart = (100 * stretch[0]) / found.seconds + "%";
  chosen.style.width = (100 * (stretch[1] - stretch[0])) / found.seconds + "%";
  body.querySelector("#clone-length").textContent = t("time.seconds", { n: (stretch[1] - stretch[0]).toFixed(1) });
  measure();
}
const measure = later(200, async () => {
  const uses = await ask(part.server.engine_uses, { seconds: stretch[1] - stretch[0], rate: found.rate }, failure());
  if (uses && found && field("engine")) { found.uses = uses; paintUse(); } // the form may be gone meanwhile
});
function paintUse() {
  const use = found.uses.find(([id]) => id === field("engine").value), place = body.querySelector("#clone-use");
  if (!place || !use) return;
  place.textContent = use[1];
  place.classList.toggle("failure-text", !use[2]);
}
/** A stretch is drawn on the picture. */
function drag(event) {
  const box = event.currentTarget.getBoundingClientRect();
  const at = (e) => (found.seconds * Math.min(1, Math.max(0, e.clientX - box.left) / box.width));
  const from = at(event), target = event.currentTarget;
  target.setPointerCapture(event.pointerId);
  const move = (e) => { if (Math.abs(at(e) - from) > 0.3) choose(from, at(e)); };
  target.addEventListener("pointermove", move);
  target.addEventListener("pointerup", () => target.removeEventListener("pointermove", move), { once: true });
}
function play() {
  if (!audio.paused) return audio.pause();
  quiet();
  audio.currentTime = stretch[0];
  sounds(audio, failure);
}
function paintPlay() {
  const button = body.querySelector("#clone-hear");
  if (button) fill(button, html`${sign(audio.paused ? "play" : "pause")}<span>${t("clone.hear")}</span>`);
}
async function write(button) {
  button.disabled = true;
  const said = await ask(part.server.write_down, { upload: ticket, start: stretch[0], end: stretch[1] }, failure());
  button.disabled = false;
  if (said !== null && field("transcript")) field("transcript").value = said;
}

/* ---- consent ---- */
const consent = (rights, given) => html`<fieldset class="consent"><legend>${t("clone.consent")}</legend>
  <label class="check"><input type="checkbox" name="consent" ${raw(given ? "checked" : "")}><span>${form.sentence}</span></label>
  <label class="field"><span>${t("clone.speaker")}</span><input name="speaker" maxlength="200" value="${rights.speaker}"></label>
  <label class="field"><span>${t("clone.expires")}</span><input type="date" name="expires" value="${rights.expires || ""}"></label>
  <div class="row">${form.uses.map(([name, label]) => html`<label class="check"><input type="checkbox" name="use-${name}" ${raw(rights.uses.includes(name) ? "checked" : "")}>${label}</label>`)}</div>
  <label class="field"><span>${t("clone.proof")}</span><input name="proof" maxlength="1000" value="${rights.note || ""}"></label>
  <p class="soft small">${t("clone.without")}</p></fieldset>`;
/** The fields of a consent form as the server takes them. */
const told = (values) => ({
  consent: Boolean(values.consent), speaker: values.speaker || "", expires: values.expires || "", proof: values.proof || "", reader: language,
  uses: form.uses.map(([name]) => name).filter((name) => values["use-" + name]),
});
async function save(use) {
  const values = {};
  for (const input of body.querySelectorAll("#clone-found [name]")) values[input.name] = input.type === "checkbox" ? input.checked : input.value;
  const button = body.querySelector(use ? "#clone-save" : "#clone-keep");
  button.disabled = true;
  const voice = await ask(part.server.clone_voice, { upload: ticket, start: stretch[0], end: stretch[1], name: values.name.trim(), engine: values.engine, transcript: values.transcript, ...told(values) }, failure());
  button.disabled = false;
  if (!voice) return failure().scrollIntoView({ block: "center" });
  close();
  tell("voices");
  if (!voice.permitted) notice(t("clone.kept.without", { name: voice.name }));
  if (use) { await desk.useVoice(voice.id, voice.engine); go("speak"); } else if (voice.permitted) notice(t("voice.kept", { name: voice.name }));
}

/* ---- what belongs to a cloned voice later ---- */
/** Its consent and its clips, in a dialog. */
export async function rights(voice) {
  form = form || (await ask(part.server.clone_start));
  const about = form && (await ask(part.server.voice_rights, { id: voice.id }));
  if (!about) return;
  const mine = about.rights || { speaker: "", uses: ["personal"], expires: "", note: "" };
  const clips = about.clip ? html`<fieldset class="consent" id="clips"><legend>${t("clone.clips")}</legend><p class="soft small">${t("clone.clips.help")}</p>
    <div class="row">${clip(voice.id, "")}<span>${t("clone.own")}</span></div>
    ${about.references.map((one) => html`<div class="row" data-reference="${one.id}">${clip(voice.id, one.id)}<select data-change="emotion" aria-label="${t("clone.emotion")}">${options(form.emotions, one.emotion)}</select>
      <input data-change="transcript" value="${one.transcript}" maxlength="2000" placeholder="${t("clone.transcript")}" aria-label="${t("clone.transcript")}">${iconButton("dropclip", "trash", t("delete"))}</div>`)}
    <div class="row"><select id="clip-emotion" aria-label="${t("clone.emotion")}">${options(form.emotions, "happy")}</select>
      <label class="button" id="clip-add"><input type="file" accept="audio/*,video/*" class="hidden-label">${sign("add")}${t("clone.clips.add")}</label></div>
    <p class="failure-text" id="clip-failure" role="alert" hidden></p></fieldset>` : "";
  const shown = dialog(t("clone.rights.of", { name: voice.name }), html`${about.missing ? html`<p class="failure-text">${about.missing}</p>` : ""}${consent(mine, Boolean(about.rights))}${clips}`, [["save", t("save"), "primary"]]);
  const box = document.querySelector("dialog.sheet:last-of-type");
  if (about.clip) clipsOf(box, voice);
  const answer = await shown;
  if (answer.pressed === "again") return rights(voice);
  if (answer.pressed !== "save") return;
  if (await ask(part.server.allow_voice, { id: voice.id, ...told(answer.values) })) tell("voices");
}
const clip = (voice, reference) => html`<button type="button" class="icon-button" data-act="hearclip" data-address="${root}/voices/${voice}/clips/${reference || "own"}" aria-label="${t("clone.hear")}" title="${t("clone.hear")}">${sign("play")}</button>`;
function clipsOf(box, voice) {
  const sound = new Audio(), place = box.querySelector("#clip-failure");
  const again = () => box.close("again");
  acts(box, {
    hearclip: (button) => { quiet(); sound.src = button.dataset.address; sounds(sound, () => place); },
    dropclip: async (button) => { if (await ask(part.server.drop_reference, { id: voice.id, reference: button.closest("[data-reference]").dataset.reference }, place)) again(); },
  });
  box.addEventListener("close", () => sound.pause());
  box.addEventListener("change", ({ target }) => {
    if (target.dataset.change) ask(part.server.change_reference, { id: voice.id, reference: target.closest("[data-reference]").dataset.reference, [target.dataset.change]: target.value }, place);
  });
  takesFiles(box.querySelector("#clip-add"), async (file, name) => {
    const sent = await upload(file, name, place);
    if (sent && (await ask(part.server.add_reference, { id: voice.id, emotion: box.querySelector("#clip-emotion").value, upload: sent }, place))) again();
  });
}

/** Deletes a voice, after asking what becomes of the productions that use it; whether it did. */
export async function remove(voice) {
  const about = await ask(part.server.voice_users, { id: voice.id });
  if (!about) return false;
  let how = { then: "leave", by: "" };
  if (about.titles.length) {
    const answer = await dialog(t("clone.inuse", { name: voice.name }), html`<p>${t("clone.usedby", { titles: about.titles.join(" · ") })}</p>
      ${["keep", "replace", "leave"].map((then) => html`<label class="check"><input type="radio" name="then" value="${then}" ${raw(then === "keep" ? "checked" : "")}><span>${t("clone.then." + then)}</span></label>`)}
      <label class="field"><span>${t("clone.by")}</span><select name="by">${options(about.others, "")}</select></label>`, [["delete", t("delete"), "primary"]]);
    if (answer.pressed !== "delete") return false;
    how = { then: answer.values.then, by: answer.values.then === "replace" ? answer.values.by : "" };
  }
  return Boolean(await ask(part.server.delete_voice, { id: voice.id, ...how }));
}

/** A take said again in another voice; the new take, or null. */
export async function revoice(take) {
  const engines = await ask(part.server.converters);
  if (!engines) return null;
  if (!engines.length) { notice(t("clone.noconvert")); return null; }
  const voices = engines.flatMap(([engine, title, rows]) => rows.map(([id, name]) => [JSON.stringify([engine, id]), engines.length > 1 ? `${name} · ${title}` : name]));
  const answer = await dialog(t("clone.revoice"), html`<p class="soft">${take.title}</p>
    <label class="field"><span>${t("clone.revoice.voice")}</span><select name="voice" autofocus>${options(voices, "")}</select></label>`, [["go", t("clone.revoice.go"), "primary"]]);
  if (answer.pressed !== "go" || !answer.values.voice) return null;
  const [engine, voice] = JSON.parse(answer.values.voice);
  return ask(part.server.revoice, { digest: take.digest, engine, voice });
}
