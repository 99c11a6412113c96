// Long things: drop a text, look at its chapters, choose a voice, start; then a list that goes on without this page.
import { acts, ask, fill, hear, html, iconButton, language, notice, options, ordered, raw, root, send, sign, span, t, tell } from "./dom.js";
import * as desk from "./desk.js";
import * as chapters from "./book-chapters.js";
import * as into from "./into.js";
import { here, within } from "./frame.js";
import { face, pick } from "./picker.js";
import { captionLinks } from "./captions.js";

let part, body, book = null, voice = "", list = [];
let awaited = ""; // a production that was begun and is not on the shelf yet
const chosen = {};

export function mount(given) {
  part = given;
  body = part.element.querySelector(".part-productions");
  fill(body, html`
    <div class="page-head"><h1>${t("nav.productions")}</h1></div>
    <label class="drop" id="drop"><input type="file" id="manuscript" accept=".txt,.md,.html,.htm,.xhtml,.epub,.docx,.pdf,.srt,.vtt,.ass,.lrc,.csv,.tsv,.ssml,.xml,.zip" class="hidden-label">
      ${sign("file")}<span><b>${t("book.drop")}</b><span class="soft small">${t("book.drop.help")}</span></span></label>
    <div class="row"><span class="soft small">${t("book.try")}</span><span id="book-examples" class="row"></span><span class="stretch"></span><button type="button" class="quiet" data-act="empty" id="script-empty">${t("script.empty")}</button></div>
    <p class="failure-text" id="book-failure" role="alert" hidden></p>
    <div id="book"></div>
    <div id="production-list"></div>`);
  const drop = body.querySelector("#drop");
  body.querySelector("#manuscript").addEventListener("change", ({ target }) => { if (target.files[0]) upload(target.files[0]); target.value = ""; });
  for (const name of ["dragover", "dragleave", "drop"]) drop.addEventListener(name, (event) => {
    event.preventDefault();
    drop.classList.toggle("over", name === "dragover");
    if (name === "drop" && event.dataTransfer.files[0]) upload(event.dataTransfer.files[0]);
  });
  acts(body, { ...chapters.acting(part, failure), voice: chooseVoice, begin, script, empty, forget, stop, resume, remove, example });
  hear("page", (page) => { if (page === "productions" && !within()[0]) open(); });
  hear("told", () => { if (here() === "productions") open(); });
  poll();
}
async function open() {
  const shelf = await ask(part.server.example_books);
  if (shelf) fill(body.querySelector("#book-examples"), html`${shelf.map((b) => html`<button type="button" class="quiet" data-act="example" data-name="${b.name}">${b.title}</button>`)}`);
  refresh();
}
const failure = () => body.querySelector("#book-failure");

/* ---- a new one ---- */
async function upload(file) {
  const upload = await send(file, "manuscripts", failure());
  if (upload) look(await ask(part.server.look_at, { upload }, failure()));
}
async function example(button) { look(await ask(part.server.look_at, { example: button.dataset.name }, failure())); }
async function look(found) {
  if (!found) return;
  if (found.pack) {
    const made = await ask(part.server.unpack_script, found.source, failure());
    if (made) location.hash = "#/productions/" + made.id;
    return;
  }
  await desk.opened;
  book = found;
  const now = desk.settings();
  voice = now.voice;
  Object.assign(chosen, { engine: now.engine, style: now.style, polish: "off", format: "m4b" });
  paintBook();
  paintList();
}
async function paintBook() {
  const told = desk.studio(), gaps = told.gaps;
  fill(body.querySelector("#book"), html`<section class="card book" aria-label="${t("book.new")}">
    <div class="book-facts">
      <label class="field"><span>${t("book.title")}</span><input id="book-title" maxlength="300" value="${book.title}"></label>
      <label class="field"><span>${t("book.author")}</span><input id="book-author" maxlength="300" value="${book.author}"></label>
      <p class="soft small" style="margin:0">${book.facts}</p>
      ${book.notes.map((note) => html`<p class="soft small" style="margin:0">${note}</p>`)}
      ${chapters.shown(book)}
      ${book.parts.length ? html`<fieldset class="found"><legend class="soft small">${t("book.parts")}</legend>${book.parts.map(([name, label, length]) => html`<label class="inline-field"><input type="checkbox" name="part" value="${name}" ${raw(name === "heading" ? "checked" : "")}>${label} <span class="soft small">${length}</span></label>`)}</fieldset>` : ""}
      ${book.scripted ? "" : html`<label class="inline-field"><input type="checkbox" id="book-dialogue" checked>${t("book.dialogue")}</label>`}
    </div>
    <div class="book-sound">
      <div class="field"><span>${t("desk.voice")}</span><button type="button" class="voice-button" id="book-voice" data-act="voice"></button>${into.field(told.timbres, desk.settings(), 'id="book-into"')}</div>
      <div class="pair"><label class="field"><span>${t("desk.style")}</span><select id="book-style">${options([["", t("desk.style.none")], ...told.styles.filter((s) => !s.engine || s.engine === chosen.engine).map((s) => [s.name, s.label])], chosen.style)}</select></label>
      <label class="field"><span>${t("book.kind")}</span><select id="book-kind">${options(book.kinds, book.scripted && !book.kinds.length ? "podcast" : "audiobook")}</select></label></div>
      <p class="soft small" style="margin:0">${t("book.script.help")}</p>
      <div class="row"><button type="button" class="button primary" data-act="script" id="script-start">${t("book.script")}</button><button type="button" class="quiet" data-act="forget">${t("cancel")}</button></div>
      <details class="group" id="book-straight"><summary>${t("book.straight")}</summary><div class="controls">
      <label class="field"><span>${t("player.format")}</span><select id="book-format">${options(told.formats.map((f) => [f.id, f.label]), chosen.format)}</select></label>
      <label class="field"><span>${t("speak.polish")}</span><select id="book-polish">${options(told.polish.map((p) => [p.id, p.label]), chosen.polish)}</select></label>
      <fieldset class="gaps"><legend class="soft small">${t("book.gaps")}</legend>${["sentence", "paragraph", "chapter"].map((name) => html`<label class="field"><span>${t("book.gap." + name)}</span><span class="with-unit"><input type="number" id="gap-${name}" min="0" max="60" step="0.1" value="${gaps[name + "_ms"] / 1000}"><span class="soft">${t("unit.seconds")}</span></span></label>`)}</fieldset>
      <div class="row"><button type="button" class="button" data-act="begin" id="book-start">${t("book.start")}</button></div></div></details>
    </div></section>`);
  paintVoice();
}
const voiceInTurn = ordered();
async function paintVoice() {
  const shown = await voiceInTurn(ask(part.server.book_voice, { engine: chosen.engine, voice }));
  const button = body.querySelector("#book-voice");
  if (shown && button) fill(button, face(shown));
}
const chooseVoice = (button) => pick(button, (search) => ask(part.server.book_voices, { engine: chosen.engine, search, language: book.language }), voice, (ref) => { voice = ref; paintVoice(); });
function forget() { book = null; fill(body.querySelector("#book"), ""); paintList(); }
const value = (id) => body.querySelector("#" + id).value;
const ticked = (name) => [...body.querySelectorAll(`#book input[name=${name}]:checked`)].map((box) => box.value);
/** What of the book is read, and as which chapters. */
const read = () => ({ sections: ticked("section").map(Number), parts: ticked("part"), ...chapters.arranged() });
/** A script to work on: the page of the production opens. */
async function script(button) {
  button.disabled = true;
  const made = await ask(part.server.begin_script, { ...book.source, title: value("book-title"), author: value("book-author"), kind: value("book-kind"), engine: chosen.engine, voice, ...into.chosen("book-into"), style: value("book-style"), dialogue: body.querySelector("#book-dialogue")?.checked ?? true, ...read() }, failure());
  button.disabled = false;
  if (!made) return;
  forget();
  location.hash = "#/productions/" + made.id;
}
async function empty() {
  await desk.opened;
  const now = desk.settings(), made = await ask(part.server.empty_script, { engine: now.engine, voice: now.voice }, failure());
  if (made) location.hash = "#/productions/" + made.id;
}
async function begin(button) {
  button.disabled = true;
  const gaps = Object.fromEntries(["sentence", "paragraph", "chapter"].map((name) => [name, Math.round(Number(value("gap-" + name)) * 1000)]));
  const started = await ask(part.server.begin_production, { ...book.source, title: value("book-title"), author: value("book-author"), engine: chosen.engine, voice, ...into.chosen("book-into"), style: value("book-style"), format: value("book-format"), polish: value("book-polish"), controls: chosen.engine === desk.settings().engine ? desk.settings().controls : {}, gaps, ...read() }, failure());
  button.disabled = false;
  if (!started) return;
  awaited = started.id;
  forget();
  refresh();
}

/* ---- the list ---- */
const inTurn = ordered();
async function refresh() {
  const answer = await inTurn(ask(part.server.productions_shown));
  if (!answer) return;
  list = answer;
  if (list.some((p) => p.id === awaited)) awaited = "";
  paintList();
  const running = list.filter((p) => p.running && p.kind !== "script");
  tell("running", { key: "productions", page: "productions", text: running.length ? t("running.production", { name: running[0].title, percent: Math.floor(running[0].progress * 100) }) : "" });
}
async function poll() {
  for (;;) {
    await new Promise((done) => setTimeout(done, awaited ? 150 : 1000));
    if (!document.hidden && !within()[0] && (awaited || list.some((p) => p.running))) await refresh();
  }
}
function paintList() {
  const holder = body.querySelector("#production-list");
  if (!list.length) return fill(holder, book ? "" : html`<div class="empty"><p>${t("book.empty")}</p></div>`);
  const focus = document.activeElement?.closest?.("[data-production]")?.dataset.production, act = document.activeElement?.dataset?.act;
  fill(holder, html`<div class="production-rows">${list.map(row)}</div>`);
  if (focus) holder.querySelector(`[data-production="${focus}"] [data-act="${act}"]`)?.focus();
}
const row = (p) => html`<article class="production card" data-production="${p.id}" data-state="${p.state}">
  <div class="production-head"><div class="production-text">${p.kind === "script" ? html`<a class="production-link" href="#/productions/${p.id}"><b>${p.title}</b></a>` : html`<b>${p.title}</b>`}<span class="soft small">${p.facts}</span></div><span class="state state-${p.state}">${p.word}</span></div>
  ${p.running || p.state === "stopped" || p.state === "failed" ? html`<div class="progress-line"><progress max="1" value="${p.progress}" aria-label="${t("book.progress")}"></progress><span class="soft">${Math.floor(p.progress * 100)} %${p.seconds_left && p.progress > 0.005 ? " · " + t("speak.left", { time: span(p.seconds_left) }) : ""}</span></div>` : ""}
  ${p.error ? html`<p class="failure-text">${p.error}</p>` : ""}
  <div class="row">${p.running ? html`<button type="button" class="button" data-act="stop">${sign("stop")}${t("stop")}</button>` : ""}
    ${p.resumable ? html`<button type="button" class="button" data-act="resume">${sign("resume")}${t("book.resume")}</button>` : ""}
    ${p.kind === "script" ? html`<a class="button" href="#/productions/${p.id}">${sign("edit")}${t("script.open")}</a>` : ""}
    ${p.state === "done" && p.kind !== "script" ? html`<a class="button" href="${root}/productions/${p.id}/file" download>${sign("download")}${t("book.download")}</a><span class="soft small">${p.result}</span>${captionLinks(`productions/${p.id}/subtitles/0`, p.subtitles)}` : ""}
    <span class="stretch"></span>${p.running ? "" : iconButton("remove", "trash", t("delete"))}</div></article>`;
const id = (button) => button.closest("[data-production]").dataset.production;
const isScript = (button) => list.find((p) => p.id === id(button))?.kind === "script";
const stop = async (button) => { await (isScript(button) ? ask(part.server.render_script, { id: id(button), pause: true }) : ask(part.server.stop_production, { id: id(button) })); refresh(); };
const resume = async (button) => { await (isScript(button) ? ask(part.server.render_script, { id: id(button) }) : ask(part.server.resume_production, { id: id(button) })); refresh(); };
async function remove(button) {
  const gone = id(button);
  if (!(await ask(part.server.drop_production, { id: gone }))) return;
  refresh();
  notice(t("book.deleted"), { act: t("undo"), run: async () => { await ask(part.server.restore_production, { id: gone }); refresh(); } });
}
