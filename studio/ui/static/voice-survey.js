// Voices by how they sound: sliders on measures, the nearest of a voice or a clip, near-duplicates, the map.
import { acts, ask, complain, fill, hear, html, iconButton, later, notice, raw, sign, span, t, tell } from "./dom.js";
import { remove as removeAsking } from "./cloning.js";
import * as desk from "./desk.js";
import { go } from "./frame.js";
import { takesFiles, upload } from "./microphone.js";
import * as map from "./voice-map.js";
import * as plots from "./voice-measures.js";
import * as opened from "./voice-open.js";

let part, box, query, changed, state = null, found = [];
const minus = (text) => String(text).replace("-", "−");
const sliders = { // of a range: how its ends are written, and what stands after them
  pitch_hz: { label: () => t("measure.pitch"), step: 1, end: (n) => String(Math.round(n)), all: (text) => text + " Hz" },
  pace: { label: () => t("measure.pace"), step: 0.1, end: (n) => n.toFixed(1), all: (text) => t("measure.syllables", { n: text }) },
  level_db: { label: () => t("measure.level"), step: 0.5, end: (n) => minus(n.toFixed(1)), all: (text) => text + " LUFS" },
  stability: { label: () => t("measure.stability"), step: 0.01, end: (n) => String(Math.round(n * 100)), all: (text) => t("measure.percent", { n: text }) },
};

/** `asked` is what the wall is narrowed by: its `measures` are kept here; `again` shows the wall anew. */
export function mount(given, place, asked, again) {
  part = given; box = place; query = asked; changed = again;
  fill(box, html`<div class="survey-tools row"><button type="button" class="quiet" data-act="sound" id="survey-sound" aria-expanded="false" aria-controls="survey-sliders">${sign("settings")}${t("survey.sound")}<span id="survey-count"></span></button>
      <button type="button" class="quiet" data-act="map" id="survey-map">${sign("map")}${t("survey.map")}</button>
      <button type="button" class="quiet" data-act="twins" id="survey-twins">${sign("compare")}${t("survey.twins")}</button>
      <label class="quiet survey-clip" id="survey-drop" title="${t("survey.likeclip.help")}"><input type="file" id="survey-clip" accept="audio/*,video/*" class="hidden-label">${sign("similar")}${t("survey.likeclip")}</label></div>
    <p class="failure-text" id="survey-failure" role="alert" hidden></p>
    <div id="survey-sliders" class="card survey-sliders" hidden></div><div id="survey-work"></div><div id="survey-found"></div>`);
  acts(box, { sound, map: showMap, twins, rest, reset: () => { reset(); changed(); }, stop, shut, hear: (button) => opened.hear(of(button)), open: (button) => opened.open(of(button).id), use, like: (button) => like(of(button)), drop });
  box.addEventListener("click", (event) => event.stopPropagation()); // the wall around has acts of the same names
  takesFiles(box.querySelector("#survey-drop"), likeClip);
  box.querySelector("#survey-sliders").addEventListener("input", ({ target }) => slide(target));
  hear("measured", () => { if (!pane("sliders").hidden) open(); });
}
const pane = (name) => box.querySelector("#survey-" + name);
const failure = () => pane("failure");
const of = (button) => found.find((voice) => voice.id === button.closest("[data-id]").dataset.id);

/* ---- sliders ---- */
function sound() {
  const closed = !pane("sliders").hidden;
  pane("sliders").hidden = closed;
  pane("sound").setAttribute("aria-expanded", String(!closed));
  if (!closed) open();
}
async function open() {
  state = await ask(part.server.survey_state, {}, failure());
  if (state) paintSliders();
}
function paintSliders() {
  const known = Object.keys(sliders).filter((name) => state.limits[name]);
  const left = state.total - state.measured;
  fill(pane("sliders"), html`${known.length ? html`<div class="slider-grid">${known.map(slider)}</div>` : ""}
    <div class="row"><span class="soft small">${known.length ? t("survey.sound.help", { n: state.measured, total: state.total }) : t("survey.none")}</span><span class="stretch"></span>
      ${known.length ? html`<button type="button" class="quiet" data-act="reset" id="survey-reset">${t("survey.reset")}</button>` : ""}
      ${left ? html`<button type="button" class="button" data-act="rest" id="survey-rest">${sign("measure")}${t("survey.rest", { n: left })}</button>` : ""}</div>`);
  for (const name of known) paintSpan(name);
}
const ends = (name) => {
  const { step } = sliders[name], [low, high] = state.limits[name];
  return [Math.floor(low / step) * step, Math.max(Math.ceil(high / step), Math.floor(low / step) + 1) * step];
};
const slider = (name) => {
  const { label, step } = sliders[name], [low, high] = ends(name), [from, to] = query.measures[name] || [null, null];
  const range = (side, value, words) => html`<input type="range" name="${name}" data-side="${side}" min="${low}" max="${high}" step="${step}" value="${value}" aria-label="${words}">`;
  return html`<div class="slider" data-name="${name}"><span class="row"><b>${label()}</b><span class="stretch"></span><output class="soft small"></output></span>
    <span class="two-ends"><i class="track"></i>${range("0", from ?? low, t("survey.from", { name: label() }))}${range("1", to ?? high, t("survey.to", { name: label() }))}</span></div>`;
};
const both = (name) => [...pane("sliders").querySelectorAll(`[name="${name}"]`)];
function paintSpan(name) {
  const [from, to] = both(name), { end, all } = sliders[name], [low, high] = ends(name);
  const row = from.closest(".slider"), share = (n) => ((n - low) / (high - low)) * 100 + "%";
  row.querySelector("output").textContent = all(end(Number(from.value)) + " – " + end(Number(to.value)));
  row.querySelector(".track").style.setProperty("--from", share(from.value));
  row.querySelector(".track").style.setProperty("--to", share(to.value));
  for (const one of [from, to]) one.setAttribute("aria-valuetext", all(end(Number(one.value))));
}
const soon = later(200, () => changed());
function slide(target) {
  const name = target.name, [from, to] = both(name), [low, high] = ends(name);
  if (Number(from.value) > Number(to.value)) (target === from ? to : from).value = target.value;
  const open = [Number(from.value) <= low ? null : Number(from.value), Number(to.value) >= high ? null : Number(to.value)];
  if (open.every((end) => end === null)) delete query.measures[name]; else query.measures[name] = open;
  paintSpan(name);
  paintCount();
  soon();
}
function paintCount() {
  const n = Object.keys(query.measures).length;
  fill(pane("count"), n ? html`<b class="tag">${n}</b>` : "");
}
export function reset() {
  query.measures = {};
  paintCount();
  if (state && !pane("sliders").hidden) paintSliders();
}

/* ---- work that takes a while ---- */
let running = "";
async function stop() { if (running) await ask(part.server.survey_stop, { job: running }); }
/** Asks for the answer of a job until it is there, showing how far it is in `place`; null when it was stopped or failed. */
async function follow(job, title, answer, place = pane("work")) {
  running = job;
  let told = null;
  do {
    told = await ask(answer, { job }, failure());
    if (told?.waiting) fill(place, html`<div class="progress-line"><span>${title}</span><progress max="1" value="${told.progress}" aria-label="${title}"></progress><span class="soft">${told.seconds_left === null ? "" : t("speak.left", { time: span(told.seconds_left) })}</span><button type="button" class="button small-button" data-act="stop">${t("stop")}</button></div>`);
  } while (told?.waiting);
  running = "";
  fill(place, "");
  return told;
}
function told(done) {
  tell("measured");
  notice([t("survey.measured", { n: done.done }), ...(done.problems.length ? [t("survey.notmeasured"), ...done.problems] : []), done.more ? t("survey.more", { n: done.more }) : ""].filter(Boolean).join(" "), { kind: done.problems.length ? "failure" : "" });
}
async function rest() {
  const begun = await ask(part.server.measure_rest, {}, failure());
  const done = begun && (await follow(begun.job, t("survey.measuring"), part.server.measure_done));
  if (!done) return;
  told(done);
  changed();
}

/* ---- like one, like a clip ---- */
export async function like(voice) {
  complain(failure(), "");
  const begun = await ask(part.server.like_begin, { id: voice.id }, failure());
  const answer = begun && (await follow(begun.job, t("survey.looking"), part.server.like_found));
  if (answer) paintAlike(t("survey.liked", { name: voice.name }), answer);
}
async function likeClip(file, name) {
  const sent = await upload(file, name, failure());
  const answer = sent && (await ask(part.server.like_clip, { upload: sent }, failure()));
  if (answer) paintAlike(t("survey.liked", { name }), answer);
}
function paintAlike(title, answer) {
  found = answer.voices;
  panel("like", title, answer.voices.length
    ? html`<p class="soft small">${t("survey.among", { n: answer.measured, total: answer.total })}</p><div class="found-rows">${answer.voices.map((voice) => row(voice, html`<span class="alike" style="--share:${Math.max(0, voice.similarity)}"><i></i>${t("survey.alike", { n: Math.max(0, Math.round(voice.similarity * 100)) })}</span>`))}</div>`
    : html`<p>${t("survey.nobody")}</p>`);
}
const row = (voice, beside = "") => html`<div class="found-row" data-id="${voice.id}"><span class="glyph">${raw(voice.glyph)}</span><button type="button" class="voice-text voice-name" data-act="open" title="${t("open.title")}"><b>${voice.name}</b><span class="soft">${voice.facts}</span></button>${beside}
  <span class="found-acts">${iconButton("hear", "play", t("voice.hear"))}${iconButton("like", "similar", t("survey.like"))}<button type="button" class="quiet strong" data-act="use">${t("voice.use")}</button></span></div>`;

function panel(name, title, content) {
  fill(pane("found"), html`<section class="card survey-panel" data-name="${name}" aria-label="${title}"><div class="row"><b>${title}</b><span class="stretch"></span>${iconButton("shut", "close", t("close"))}</div>${content}</section>`);
  pane("found").scrollIntoView({ block: "nearest" });
}
const shut = () => { fill(pane("found"), ""); found = []; };

/* ---- near-duplicates ---- */
async function twins() {
  complain(failure(), "");
  const begun = await ask(part.server.twins_begin, {}, failure());
  const answer = begun && (await follow(begun.job, t("survey.comparing"), part.server.twins_found));
  if (!answer) return;
  found = answer.groups.flatMap((group) => group.voices);
  panel("twins", t("survey.twins"), answer.groups.length
    ? html`${answer.groups.map((group) => html`<div class="twins"><p class="soft small">${group.same ? t("survey.same") : t("survey.alike", { n: Math.floor(group.similarity * 1000) / 10 })}</p>${group.voices.map((voice) => row(voice, iconButton("drop", "trash", t("delete"))))}</div>`)}${answer.more ? html`<p class="soft small">${t("survey.more", { n: answer.more })}</p>` : ""}`
    : html`<p>${t("survey.notwins")}</p>`);
}
async function drop(button) {
  const voice = of(button);
  if (!(await removeAsking(voice))) return;
  button.closest(".found-row").remove();
  tell("voicechanged");
  tell("voices");
  notice(t("voice.deleted", { name: voice.name }), { act: t("undo"), run: async () => { await ask(part.server.restore_voice, { id: voice.id }); tell("voices"); } });
}

/* ---- the map ---- */
async function showMap() {
  complain(failure(), "");
  const answer = await ask(part.server.voice_map, query, failure());
  if (!answer) return;
  found = [];
  panel("map", t("survey.map"), html`<div id="voice-map"></div><div id="map-chosen"></div>`);
  map.draw(pane("found").querySelector("#voice-map"), answer, choose);
}
/** The voice of a point under the map, with its measures. */
async function choose(id) {
  const place = pane("found").querySelector("#map-chosen");
  const told = await ask(part.server.voice_measured, { id }, failure());
  if (!told) return;
  found = [told.voice];
  fill(place, html`${row(told.voice)}<div class="chosen-plots"></div>`);
  plots.paint(place.querySelector(".chosen-plots"), told.measured);
  place.querySelector(".found-row").scrollIntoView({ block: "nearest" });
}

async function use(button) {
  const voice = of(button);
  await desk.useVoice(voice.id, voice.engine);
  go("speak");
}
