// Subtitles that are spoken at their times: drop a file; then its cues on a ruler, each with its fit, edited and rendered again.
import { acts, ask, complain, dialog, fill, hear, html, iconButton, notice, options, ordered, raw, root, send, sign, size, span, t, tell } from "./dom.js";
import * as desk from "./desk.js";
import * as into from "./into.js";
import { here, within } from "./frame.js";
import { controlRow } from "./controls.js";
import { face, pick } from "./picker.js";
import { follow, slider } from "./placing.js";
import { playTake } from "./player.js";
import * as ruler from "./ruler.js";

const PAGE = 50;
let part, body, list = [], open = "", now = null, told = null, view = { flag: "", offset: 0 }, near = { middle: 0 }, chosen = "", timer = 0, waiting = 0, voice = "", failed = ""; // what the job complained of

export function mount(given) {
  part = given;
  body = part.element.querySelector(".part-subtitles");
  acts(body, {
    example: (b) => begin({ example: b.dataset.name }), voice: chooseVoice, remove: removeDub, render, stop, undo, export: write, cast, again, play, edit, drop, add, turn,
    earlier: () => look(near.middle - 30), later: () => look(near.middle + 30), reset: (b) => set({ [b.closest("[data-control]").dataset.control]: control(b).default }), help,
  });
  body.addEventListener("change", changed);
  follow(body, place);
  body.addEventListener("click", (event) => {
    const at = ruler.pressed(event), cue = event.target.closest?.(".ruler-cue");
    if (at !== null) look(at);
    if (cue) stand(cue.dataset.line);
  });
  for (const name of ["dragover", "dragleave", "drop"]) body.addEventListener(name, (event) => {
    const drop = body.querySelector("#dub-drop");
    if (!drop) return;
    event.preventDefault();
    drop.classList.toggle("over", name === "dragover");
    if (name === "drop" && event.dataTransfer.files[0]) upload(event.dataTransfer.files[0]);
  });
  hear("page", turnPage);
  hear("desk", turnPage);
  turnPage();
}
const failure = () => body.querySelector("#dub-failure");
const about = (name, asked = {}, place = failure()) => ask(part.server[name], { id: open, ...asked }, place);
const watched = (name, asked = {}) => about(name, asked, null); // what an act complained of stays
const voiceInTurn = ordered(), shelfInTurn = ordered(), stateInTurn = ordered(), cuesInTurn = ordered();

async function turnPage() {
  if (here() !== "subtitles" || !desk.ready()) return clearTimeout(timer);
  const wanted = within()[0] || "";
  if (!wanted) { open = ""; now = null; return shelf(); }
  if (wanted === open) return poll();
  open = wanted;
  view = { flag: "", offset: 0 };
  near = { middle: 0 };
  chosen = "";
  const answer = await ask(part.server.dub_opened, { id: open });
  if (!answer) { location.hash = "#/subtitles"; return; }
  now = answer;
  frame();
  cues();
  poll();
}

/* ---- the shelf ---- */
async function shelf() {
  clearTimeout(timer);
  voice ||= desk.settings().voice;
  const [examples, shown] = (await shelfInTurn(Promise.all([ask(part.server.dub_examples), ask(part.server.dubs_shown)]))) ?? [];
  if (!examples || !shown || open) return;
  list = shown;
  fill(body, html`<div class="page-head"><h1>${t("nav.subtitles")}</h1></div>
    <div class="dub-start"><label class="drop" id="dub-drop"><input type="file" id="dub-file" accept=".srt,.vtt,.ass,.ssa,.lrc" class="hidden-label">${sign("subtitles")}<span><b>${t("dub.drop")}</b><span class="soft small">${t("dub.drop.help")}</span></span></label>
      <div class="field"><span>${t("dub.voice")}</span><button type="button" class="voice-button" id="dub-voice" data-act="voice"></button>${desk.ready() ? into.field(timbres(), desk.settings(), 'id="dub-into"') : ""}</div></div>
    <div class="row"><span class="soft small">${t("book.try")}</span>${examples.map(([name, title]) => html`<button type="button" class="quiet" data-act="example" data-name="${name}">${title}</button>`)}</div>
    <p class="failure-text" id="dub-failure" role="alert" hidden></p>
    <div class="production-rows">${list.length ? list.map(row) : html`<div class="empty"><p>${t("dub.empty")}</p></div>`}</div>`);
  paintVoice();
}
const row = (d) => html`<article class="card production" data-dub="${d.id}"><div class="production-head"><div class="production-text"><a class="production-link" href="#/subtitles/${d.id}"><b>${d.title}</b></a><span class="soft small">${d.facts}</span></div>
  <span class="state state-${d.state}">${d.word}</span>${d.running ? "" : iconButton("remove", "trash", t("delete"))}</div></article>`;
async function paintVoice() {
  const shown = await voiceInTurn(ask(part.server.dub_voice, { engine: desk.settings().engine, voice })), button = body.querySelector("#dub-voice");
  if (shown && button) fill(button, face(shown));
}
const chooseVoice = (button) => pick(button, (search) => ask(part.server.dub_voices, { engine: desk.settings().engine, search }), voice, (ref) => { voice = ref; paintVoice(); });
async function upload(file) {
  const ticket = await send(file, "manuscripts", failure());
  if (ticket) begin({ upload: ticket });
}
async function begin(source) {
  const made = await ask(part.server.dub_begun, { ...source, engine: desk.settings().engine, voice, ...into.chosen("dub-into") }, failure());
  if (made) location.hash = "#/subtitles/" + made.id;
}
async function removeDub(button) {
  const id = button.closest("[data-dub]").dataset.dub;
  if (!(await ask(part.server.dub_dropped, { id }))) return;
  shelf();
  notice(t("dub.deleted"), { act: t("undo"), run: async () => { await ask(part.server.dub_restored, { id }); shelf(); } });
}

/* ---- one dub ---- */
function frame() {
  fill(body, html`<header class="script-head" id="dub-head"></header>
    <p class="failure-text" id="dub-failure" role="alert" hidden></p>
    ${now.notes.length ? html`<details class="group"><summary>${t("dub.notes")} (${now.notes.length})</summary>${now.notes.map((note) => html`<p class="soft small">${note}</p>`)}</details>` : ""}
    <div class="dub-cast" id="dub-cast"></div>
    <section class="card ruler" aria-label="${t("dub.ruler")}"><div class="row">${iconButton("earlier", "left", t("dub.earlier"))}<span class="soft small" id="dub-summary"></span><span class="stretch"></span>${iconButton("later", "right", t("dub.later"))}</div><div id="dub-ruler"></div></section>
    <details class="group" id="dub-how"><summary>${t("dub.how")}</summary><div class="controls" id="dub-controls"></div></details>
    <div class="row"><select id="dub-flag" aria-label="${t("dub.order")}"></select></div>
    <div id="dub-cues" class="cues" role="list"></div><div id="dub-foot"></div>`);
  paintHead();
  paintCast();
  paintControls();
}
function paintHead() {
  const share = now.running ? now.share : now.cues ? (now.cues - now.open) / now.cues : 0, focus = document.activeElement?.id;
  fill(body.querySelector("#dub-head"), html`<a class="icon-button" href="#/subtitles" aria-label="${t("dub.back")}" title="${t("dub.back")}">${sign("left")}</a>
    <div class="script-name"><h1>${now.title}</h1><span class="soft small" id="dub-facts">${t("dub.done", { done: now.cues - now.open, cues: now.cues })}${now.running && now.seconds_left ? " · " + t("speak.left", { time: span(now.seconds_left) }) : ""}</span>
      <progress max="1" value="${share}" aria-label="${t("book.progress")}"></progress></div>
    <div class="row script-acts">${iconButton("undo", "reset", now.undo ? t("script.undo", { what: now.undo }) : t("undo"), `id="dub-undo" ${now.undo ? "" : "disabled"}`)}
      ${now.running ? html`<button type="button" class="button" data-act="stop" id="dub-stop">${sign("stop")}${t("stop")}</button>` : html`<button type="button" class="button ${now.open ? "primary" : ""}" data-act="render" id="dub-render">${sign("play")}${now.open ? t("dub.render", { n: now.open }) : t("dub.alldone")}</button>`}
      <button type="button" class="button ${now.open ? "" : "primary"}" data-act="export" id="dub-export" ${raw(now.open === now.cues || now.running ? "disabled" : "")}>${sign("download")}${t("dub.export")}</button></div>`);
  if (now.error || failed) complain(failure(), now.error); // what an act complained of is not wiped away
  failed = now.error;
  if (focus?.startsWith("dub-")) document.getElementById(focus)?.focus();
  tell("running", { key: "dub", page: "subtitles/" + open, text: now.running ? t("dub.running", { name: now.title, percent: Math.floor(now.share * 100) }) : "" });
}
function paintCast() {
  const sliding = document.activeElement?.matches?.("#dub-cast [data-pan]") ? document.activeElement.closest("[data-speaker]").dataset.speaker : null;
  fill(body.querySelector("#dub-cast"), html`${now.cast.map((c) => html`<div class="field" data-speaker="${c.speaker}"><span>${c.name} · ${c.lines}</span><button type="button" class="voice-button" data-act="cast">${face(c.shown)}</button>${into.field(timbres(), c.own, "data-into", c.into && !c.own.into ? t("into.narrator") : t("into.none"))}${slider(c.pan)}${c.caution ? html`<p class="soft small">${c.caution}</p>` : ""}</div>`)}`);
  if (sliding !== null) body.querySelector(`#dub-cast [data-speaker="${CSS.escape(sliding)}"] [data-pan]`)?.focus({ preventScroll: true });
}
function paintControls() {
  fill(body.querySelector("#dub-controls"), html`${now.controls.map((c) => controlRow(c, c.default, now.settings[c.name] === c.default ? undefined : now.settings[c.name]))}`);
}
async function state() {
  const answer = await stateInTurn(watched("dub_state"));
  if (!answer || !now) return;
  const before = now;
  now = { ...now, ...answer };
  paintHead();
  if (JSON.stringify(before.cast) !== JSON.stringify(now.cast) && !document.getElementById("picker")) paintCast();
  if (before.open !== now.open || before.running !== now.running) await cues();
}
function poll() {
  clearTimeout(timer);
  const mine = open;
  timer = setTimeout(async () => {
    if (mine !== open || here() !== "subtitles") return;
    if (!document.hidden && now && (now.running || waiting-- > 0)) await state(); // an older answer may say that nothing runs
    poll();
  }, 500);
}
async function cues() {
  const mine = open, answer = await cuesInTurn(watched("dub_cues", { ...view, size: PAGE, strip: true }));
  if (!answer || mine !== open || !now) return;
  told = answer;
  if (!body.querySelector("#dub-cues textarea")) paintCues();
  paintRuler();
  fill(body.querySelector("#dub-flag"), html`${options([["", t("dub.order.all")], ["any", t("dub.order.any")], ...Object.entries(told.counts).map(([name, n]) => [name, `${now.flags[name]} (${n})`])], view.flag)}`);
  const fits = told.heard && !Object.keys(told.counts).length;
  fill(body.querySelector("#dub-summary"), html`${told.heard ? (fits ? t("dub.allfit") + " " : "") + t("dub.fits", { n: told.comfortable, heard: told.heard }) : ""}`);
}
function paintRuler() { near = { ...near, ...ruler.draw(body.querySelector("#dub-ruler"), told.strip, near.middle, chosen, now.flags) }; }
function look(middle) { near.middle = Math.max(0, Math.min(middle, near.whole || middle)); paintRuler(); }
function paintCues() {
  fill(body.querySelector("#dub-cues"), told.cues.length ? html`${told.cues.map(cue)}` : html`<p class="soft">${t("dub.allfit")}</p>`);
  const pages = Math.ceil(told.total / PAGE), page = view.offset / PAGE + 1;
  fill(body.querySelector("#dub-foot"), pages > 1 ? html`<div class="page-foot"><button type="button" class="button" data-act="turn" data-to="${page - 1}" ${raw(page > 1 ? "" : "disabled")}>${t("list.before")}</button><span>${t("list.place", { page, pages, total: told.total })}</span><button type="button" class="button" data-act="turn" data-to="${page + 1}" ${raw(page < pages ? "" : "disabled")}>${t("list.next")}</button></div>` : "");
}
const two = (n) => String(n).padStart(2, "0");
const stamp = (s) => { const ms = Math.round(s * 1000); return `${Math.floor(ms / 3600000) ? Math.floor(ms / 3600000) + ":" + two(Math.floor(ms / 60000) % 60) : Math.floor(ms / 60000)}:${two(Math.floor(ms / 1000) % 60)}.${String(ms % 1000).padStart(3, "0")}`; };
/** Seconds in `1:02.5`, `00:01:02,500` or `62.5`; NaN for anything else. */
function seconds(text) {
  const found = /^(?:(?:(\d{1,3}):)?(\d{1,2}):)?(\d{1,6}(?:[.,]\d{1,3})?)$/.exec(text.trim());
  return found ? Number(found[1] || 0) * 3600 + Number(found[2] || 0) * 60 + Number(found[3].replace(",", ".")) : NaN;
}
const short = (n) => n.toFixed(2).replace(/0$/, "");
function fitted(c) {
  if (!c.length) return "";
  const facts = [t("dub.fit.rate", { rate: c.rate.toFixed(2) })];
  if (c.squeezed > 0.005) facts.push(t("dub.fit.squeezed", { n: short(c.squeezed) }));
  if (c.borrowed > 0.005) facts.push(t("dub.fit.borrowed", { n: short(c.borrowed) }));
  if (c.over > 0.005) facts.push(t("dub.fit.over", { n: short(c.over) }));
  if (c.cut > 0.005) facts.push(t("dub.fit.cut", { n: short(c.cut) }));
  return facts.join(" · ");
}
const cue = (c) => html`<article class="cue ${c.flags.length ? "cue-wrong" : ""} ${c.line === chosen ? "cue-chosen" : ""}" role="listitem" data-line="${c.line}">
  <span class="cue-number soft">${c.number}</span><span class="cue-times">${c.start === null ? "–" : html`${stamp(c.start)}<br><span class="soft">${stamp(c.finish)}</span>`}</span>
  <div class="cue-body"><span class="cue-text">${c.speaker ? html`<b>${c.speaker}</b> ` : ""}${c.text}</span>
    <span class="soft small cue-fit">${fitted(c)}${c.flags.map((f) => html` <span class="tag warn">${now.flags[f]}</span>`)}${c.error ? html`<span class="failure-text">${c.error}</span>` : ""}</span></div>
  <span class="cue-acts">${iconButton("play", "play", t("dub.play"), c.take ? "" : "disabled")}${iconButton("again", "dice", t("dub.again"))}${iconButton("edit", "edit", t("dub.edit"))}${iconButton("add", "add", t("dub.add"))}${iconButton("drop", "trash", t("dub.remove"))}</span></article>`;
const of = (element) => told.cues.find((c) => c.line === element.closest("[data-line]").dataset.line);
function turn(button) { view.offset = (Number(button.dataset.to) - 1) * PAGE; cues().then(() => body.querySelector("#dub-cues").scrollIntoView()); }
/** Stands on a cue: on the ruler and in the list, on whichever page it is. */
async function stand(line) {
  chosen = line;
  const place = told.strip.findIndex((c) => c[0] === line);
  if (place < 0) return;
  near.middle = told.strip[place][1];
  if (!told.cues.some((c) => c.line === line)) { view = { flag: "", offset: Math.floor(place / PAGE) * PAGE }; await cues(); } else { paintCues(); paintRuler(); }
  body.querySelector(`#dub-cues [data-line="${line}"]`)?.scrollIntoView({ block: "center" });
}

/* ---- working on it ---- */
function begun() {
  stateInTurn(null); // an answer that is on its way tells of before
  now.running = true;
  now.share = 0;
  waiting = 4;
  paintHead();
  poll();
}
async function render() { if (await about("dub_rendered")) begun(); }
const stop = async () => { await about("dub_stopped"); };
async function again(button) { if (await about("cue_again", { line: of(button).line })) begun(); }
async function undo() { if (await about("dub_undone")) { await state(); await cues(); } }
async function play(button) {
  const take = await about("cue_played", { line: of(button).line });
  if (take) playTake(take);
}
const form = (c) => html`<div class="pair"><label class="field"><span>${t("dub.from")}</span><input name="start" value="${stamp(c.start)}" required></label><label class="field"><span>${t("dub.to")}</span><input name="finish" value="${stamp(c.finish)}" required></label></div>
  <label class="field"><span>${t("dub.speaker")}</span><input name="speaker" value="${c.speaker}" maxlength="200" list="dub-speakers"><datalist id="dub-speakers">${now.cast.filter((one) => one.speaker).map((one) => html`<option value="${one.speaker}"></option>`)}</datalist></label>
  <label class="field"><span>${t("dub.text")}</span><textarea name="text" rows="3" maxlength="5000" required autofocus>${c.text}</textarea></label>`;
function times(values) {
  const start = seconds(values.start), finish = seconds(values.finish);
  if (Number.isNaN(start) || Number.isNaN(finish)) { complain(failure(), t("dub.time.wrong")); return null; }
  return { start, finish };
}
async function edit(button) {
  const c = of(button), { pressed, values } = await dialog(t("dub.number") + " " + c.number, form({ ...c, start: c.start ?? 0, finish: c.finish ?? 1 }), [["save", t("save"), "primary"]]);
  if (pressed !== "save") return;
  const at = times(values);
  if (!at) return;
  const fresh = { ...at, speaker: values.speaker.trim(), text: values.text.trim() }, changes = {};
  for (const name of ["start", "finish"]) if (c[name] === null || Math.abs(fresh[name] - c[name]) > 0.0005) changes[name] = fresh[name];
  for (const name of ["speaker", "text"]) if (fresh[name] !== c[name]) changes[name] = fresh[name];
  if (Object.keys(changes).length && (await about("cue_changed", { line: c.line, values: changes }))) { await state(); await cues(); }
}
async function add(button) {
  const c = of(button), from = (c.finish ?? c.start ?? 0) + 0.1;
  const { pressed, values } = await dialog(t("dub.add"), form({ start: from, finish: from + 2, speaker: c.speaker, text: "" }), [["save", t("save"), "primary"]]);
  const at = pressed === "save" ? times(values) : null;
  if (at && (await about("cue_added", { ...at, after: c.line, speaker: values.speaker.trim(), text: values.text.trim() }))) { await state(); await cues(); }
}
async function drop(button) { if (await about("cue_removed", { line: of(button).line })) { await state(); await cues(); } }
const timbres = () => (desk.ready() ? desk.studio().timbres : []);
const partOf = (element) => now.cast.find((one) => one.speaker === element.closest("[data-speaker]").dataset.speaker);
async function recast(element, values) { if (await about("dub_cast", { speaker: partOf(element).speaker, ...values })) { await state(); paintCast(); cues(); } }
async function place(input, pan) {
  if (!input.isConnected) return; // another dub was opened meanwhile
  const done = await about("dub_placed", { speaker: partOf(input).speaker, pan });
  await state();
  if (!done) paintCast();
}
function cast(button) {
  const c = partOf(button);
  pick(button, (search) => ask(part.server.dub_voices, { engine: c.engine, search }), c.voice, (ref) => recast(button, { engine: c.engine, voice: ref }));
}
const control = (element) => now.controls.find((c) => c.name === element.closest("[data-control]").dataset.control);
async function set(values) {
  const settings = await about("dub_set", { values });
  if (settings) now.settings = settings;
  paintControls();
  cues();
}
function help(button) {
  const text = body.querySelector("#" + button.getAttribute("aria-controls"));
  text.hidden = !text.hidden;
  button.setAttribute("aria-expanded", !text.hidden);
}
function changed({ target }) {
  if (target.id === "dub-file" && target.files[0]) { upload(target.files[0]); target.value = ""; }
  if (target.id === "dub-flag") { view = { flag: target.value, offset: 0 }; cues().then(paintCues); }
  if ("into" in target.dataset) recast(target, into.read(target.value));
  if (target.closest("[data-control]")) { const c = control(target); set({ [c.name]: c.kind === "choice" ? target.value : Number(target.value) }); }
}

/* ---- what comes out ---- */
/** A file to choose, in our words: what a browser writes beside its own button is in the browser's language. */
const fileField = (name, label, accept) => html`<div class="field"><span>${label}</span><span class="row"><label class="button small-button">${sign("file")}<span>${t("sound.choose")}</span><input type="file" name="${name}" accept="${accept}" aria-label="${label}" class="hidden-label"></label><output class="small"></output></span></div>`;
async function write() {
  const box = dialog(t("dub.export"), html`<div class="pair"><label class="field"><span>${t("dub.sound")}</span><select name="format">${options(now.formats, "wav")}</select></label>
    <fieldset class="found"><legend>${t("dub.beside")}</legend><div class="row">${now.beside.map((name) => html`<label class="check"><input type="checkbox" name="beside-${name}" ${raw(name === "srt" ? "checked" : "")}>${name.toUpperCase()}</label>`)}</div></fieldset></div>
    <details class="group"><summary>${t("dub.background")} · ${t("dub.film")}</summary>${fileField("background", t("dub.background"), "audio/*,video/*")}
    ${fileField("video", t("dub.film"), "video/*,.mkv")}<p class="soft small">${t("dub.film.help")}</p>
    <div class="row"><label class="check"><input type="checkbox" name="own" checked>${t("dub.film.own")}</label><label class="check"><input type="checkbox" name="track">${t("dub.film.track")}</label></div></details>
    <div id="dub-files"></div>`, [["write", t("dub.write"), "primary"]]);
  files();
  document.querySelector("dialog.sheet:last-of-type").addEventListener("change", ({ target }) => { if (target.type === "file") target.closest(".row").querySelector("output").textContent = target.files[0]?.name ?? ""; });
  const { pressed, values } = await box;
  if (pressed !== "write") return;
  const asked = { format: values.format, beside: now.beside.filter((name) => values["beside-" + name]), own_sound: Boolean(values.own), keep_sound: Boolean(values.track) };
  for (const name of ["video", "background"]) if (values[name]?.size) { asked[name] = await send(values[name], "recordings", failure()); if (!asked[name]) return; }
  if (await about("dub_exported", asked)) written();
}
const link = (f) => html`<p class="row"><a class="button" href="${root}/dubs/${open}/files/${encodeURIComponent(f.name)}" download>${sign("download")}${f.name}</a><span class="soft small">${size(f.bytes)}</span></p>`;
async function files() {
  const told = await watched("dub_export_state"), holder = document.querySelector("#dub-files");
  if (told && holder) fill(holder, html`${told.files.map(link)}<p><a class="quiet" href="${root}/dubs/${open}/report.csv" download>${t("dub.report")} (CSV)</a></p>`);
}
/** Follows the writing, then offers the files. */
async function written() {
  const mine = open;
  for (;;) {
    const told = await watched("dub_export_state");
    if (!told || mine !== open) return;
    tell("running", { key: "dub-export", page: "subtitles/" + open, text: told.running ? t("dub.running", { name: now.title, percent: Math.floor(told.share * 100) }) : "" });
    if (!told.running) {
      if (told.error) return complain(failure(), told.error);
      return dialog(t("export.files"), html`${told.files.map(link)}<p><a class="quiet" href="${root}/dubs/${open}/report.csv" download>${t("dub.report")} (CSV)</a></p>`);
    }
    await new Promise((done) => setTimeout(done, 400));
  }
}
