// The studio listens: a recording is dropped or spoken, its segments come one after another, are heard, corrected, kept.
import { acts, ask, clock, complain, fill, hear, html, options, remember, root, sign, sounds, span, t, tell } from "./dom.js";
import { go, here } from "./frame.js";
import { record, takesFiles, upload } from "./microphone.js";
import { quiet } from "./player.js";

let part, body, told = null, shown = null, segments = [], audio, until = null, due;

export function mount(given) {
  part = given;
  body = part.element.querySelector(".part-transcribe");
  fill(body, html`
    <div class="page-head"><h1>${t("nav.transcribe")}</h1></div>
    <div id="hear-start" hidden><label class="drop" id="hear-drop"><input type="file" id="recording" accept="audio/*,video/*" class="hidden-label">
      ${sign("transcribe")}<span><b>${t("hear.drop")}</b><span class="soft small">${t("hear.drop.help")}</span></span></label>
      <div class="row hear-options"><button type="button" class="button" data-act="record" id="record">${sign("mic")}<span>${t("hear.record")}</span></button>
        <label class="inline-field"><span>${t("hear.language")}</span><select id="hear-language"></select></label>
        <label class="check"><input type="checkbox" id="hear-written" checked>${t("hear.written")}</label>
        <label class="check"><input type="checkbox" id="hear-certain">${t("hear.certain")}</label></div>
      <p class="soft small">${t("hear.notice")}</p></div>
    <div id="hear-missing"></div>
    <p class="failure-text" id="hear-failure" role="alert" hidden></p>
    <div id="heard"></div><audio id="hear-audio" preload="metadata"></audio>`);
  audio = body.querySelector("#hear-audio");
  audio.addEventListener("timeupdate", light);
  takesFiles(body.querySelector("#hear-drop"), begin);
  acts(body, { record: (button) => record(button, failure(), begin), stop, play, models: () => go("models") });
  body.addEventListener("change", ({ target }) => { if (target.matches(".segment textarea")) correct(target); });
  hear("page", (page) => { if (page === "transcribe") open(); });
  hear("models", () => { if (here() === "transcribe") open(); });
  if (here() === "transcribe") open();
}
const failure = () => body.querySelector("#hear-failure");
const checked = (id) => body.querySelector("#" + id).checked;

async function open() {
  told = await ask(part.server.listeners);
  if (!told) return;
  body.querySelector("#hear-start").hidden = !told.ready.length;
  fill(body.querySelector("#hear-language"), html`${options(told.languages, remember.get("hear-language", "auto"))}`);
  fill(body.querySelector("#hear-missing"), told.ready.length ? "" : html`<div class="empty"><p>${t("hear.missing")}</p>
    ${told.models.map((m) => html`<p class="soft">${m.title} · ${m.size} · ${m.licence}</p>`)}<button type="button" class="button primary" data-act="models">${t("hear.install")}</button></div>`);
  const before = remember.get("heard", "");
  if (before && !shown) follow(before, true);
}

/* ---- sound in ---- */
async function begin(file, name) {
  const ticket = await upload(file, name, failure());
  if (!ticket) return;
  const language = body.querySelector("#hear-language").value;
  remember.set("hear-language", language);
  const begun = await ask(part.server.transcribe, { upload: ticket, spoken_language: language, written: checked("hear-written"), certain: checked("hear-certain") }, failure());
  if (begun) follow({ id: begun.id, name: begun.name, upload: ticket, seconds: begun.seconds }, false);
}

/* ---- what is heard ---- */
function follow(one, again) {
  clearTimeout(due);
  shown = one;
  segments = [];
  remember.set("heard", one);
  audio.src = `${root}/recordings/${one.upload}`;
  fill(body.querySelector("#heard"), html`<section class="card heard" aria-label="${one.name}">
    <div class="row"><b class="heard-name">${one.name}</b><span class="soft small">${clock(one.seconds)}</span><span class="stretch"></span><span id="heard-files" class="row"></span></div>
    <div class="progress-line" id="heard-progress"></div><svg id="emotion-time" viewBox="0 0 1000 40" preserveAspectRatio="none" role="img" aria-label="${t("hear.overtime")}"></svg>
    <p class="legend soft small" id="emotion-legend"></p><div id="segments"></div></section>`);
  step(again);
}
async function step(again) {
  const mine = shown, answer = await part.server.heard({ id: mine.id, since: segments.length });
  if (mine !== shown) return;
  if (!answer?.ok) {
    if (again) { remember.set("heard", ""); shown = null; return fill(body.querySelector("#heard"), ""); }
    return complain(failure(), answer?.error?.text || t("error.offline"));
  }
  const now = answer.ok, fresh = now.segments;
  if (now.seconds) shown.seconds = now.seconds;
  const list = body.querySelector("#segments");
  if (fresh.length) list.insertAdjacentHTML("beforeend", fresh.map((s, n) => String(row(s, segments.length + n))).join(""));
  segments.push(...fresh);
  for (const area of list.querySelectorAll("textarea:not([style])")) area.style.height = Math.max(32, area.scrollHeight) + "px";
  paintTime();
  fill(body.querySelector("#heard-progress"), now.over ? "" : html`<progress max="1" value="${now.progress}" aria-label="${t("hear.progress")}"></progress><span class="soft">${Math.floor(now.progress * 100)} %${now.seconds_left ? " · " + t("speak.left", { time: span(now.seconds_left) }) : ""}</span>
    <button type="button" class="button" data-act="stop">${sign("stop")}${t("stop")}</button>`);
  tell("running", { key: "transcribe", page: "transcribe", text: now.over ? "" : t("running.transcribe", { name: shown.name }) });
  if (!now.over) { due = setTimeout(step, 400); return; }
  complain(failure(), now.problem);
  if (!segments.length && !now.problem) fill(list, html`<div class="empty"><p>${t("hear.nothing")}</p></div>`);
  if (segments.length) fill(body.querySelector("#heard-files"), html`${told.formats.map(([name, words]) => html`<a class="button small-button" download href="${root}/transcripts/${shown.id}.${name}" title="${words}">${name.toUpperCase()}</a>`)}`);
}
const stop = async () => { await ask(part.server.stop_listening, { id: shown.id }); };

const wordsOf = (s) => (s.words.length ? s.words.map(([text, start, end, glued], n) => html`${n && !glued ? " " : ""}<span data-from="${start}" data-to="${end}">${text}</span>`) : s.text);
const row = (s, n) => html`<article class="segment" data-number="${n}" data-emotion="${s.emotion}">
  <button type="button" class="round small-round" data-act="play" aria-label="${t("hear.play", { time: clock(s.start) })}" title="${t("hear.play", { time: clock(s.start) })}">${sign("play")}</button>
  <div class="segment-text"><span class="soft small">${clock(s.start)} – ${clock(s.end)}${s.language ? " · " + s.language : ""}</span>
    <p class="segment-words" aria-hidden="true">${wordsOf(s)}</p>
    <textarea rows="1" aria-label="${t("hear.text", { time: clock(s.start) })}">${s.text}</textarea></div>
  <div class="segment-mood">${s.event_word ? html`<span class="tag">${s.event_word}</span>` : ""}
    <span class="mood-bar" role="img" aria-label="${s.emotions.map(([, word, p]) => `${word} ${Math.round(p * 100)} %`).join(", ")}">${s.emotions.filter(([, , p]) => p >= 0.02).map(([name, , p]) => html`<i class="mood mood-${name}" style="flex-grow:${p}"></i>`)}</span>
    <span class="small">${s.emotion_word} ${s.emotions.length ? Math.round(s.emotions[0][2] * 100) + " %" : ""}</span></div></article>`;

/** Emotion over time: as long as a segment is, as high as it is certain. */
function paintTime() {
  const whole = Math.max(shown.seconds, ...segments.map((s) => s.end), 0.001), seen = new Map();
  const bars = segments.map((s) => {
    const [name, word, chance] = s.emotions[0] || ["", "", 0];
    if (name) seen.set(name, word);
    const height = 38 * chance;
    return html`<rect class="mood-${name}" x="${(1000 * s.start) / whole}" width="${Math.max(1, (1000 * (s.end - s.start)) / whole)}" y="${39 - height}" height="${height}"/>`;
  });
  fill(body.querySelector("#emotion-time"), html`${bars}<line x1="0" x2="1000" y1="39.500" y2="39.500"/>`);
  fill(body.querySelector("#emotion-legend"), html`${[...seen].map(([name, word]) => html`<span><i class="mood mood-${name}"></i>${word}</span>`)}`);
}

/* ---- listening and correcting ---- */
function play(button) {
  const s = segments[Number(button.closest(".segment").dataset.number)];
  quiet();
  audio.currentTime = s.start;
  until = s.end;
  sounds(audio, failure);
}
function light() {
  if (until !== null && audio.currentTime >= until) { audio.pause(); until = null; }
  const at = audio.currentTime, playing = !audio.paused;
  for (const word of body.querySelectorAll(".segment-words span"))
    word.classList.toggle("now", playing && at >= Number(word.dataset.from) - 0.03 && at < Number(word.dataset.to) + 0.2);
}
async function correct(area) {
  const article = area.closest(".segment"), number = Number(article.dataset.number);
  if (await ask(part.server.correct, { id: shown.id, number, text: area.value }, failure())) {
    segments[number].text = area.value;
    fill(article.querySelector(".segment-words"), html`${area.value}`);
  }
}
