// Many files at once: drop them, look what they come to, start, leave; the table waits here with what came of each.
import { acts, ask, complain, day, dialog, fill, hear, html, iconButton, options, ordered, remember, root, send, sign, size, sounds, span, t, tell } from "./dom.js";
import * as desk from "./desk.js";
import * as into from "./into.js";
import { here } from "./frame.js";
import { foot } from "./pages.js";
import { face, pick } from "./picker.js";
import { quiet } from "./player.js";

let part, body, told = null, sound;
let source = null, chosen = {}, seen = null; // the new batch: what is read, how, and its dry run
let list = [], opened = "", filter = "", page = 1, table = null, awaited = false;
const SHOWN = 60; // names of a new batch
const FILTERS = ["", "waiting", "done", "kept", "failed", "cancelled"];

export function mount(given) {
  part = given;
  body = part.element.querySelector(".part-batch");
  fill(body, html`
    <div class="page-head"><h1>${t("nav.batch")}</h1></div>
    <label class="drop" id="batch-drop"><input type="file" id="batch-files" multiple class="hidden-label">${sign("batch")}<span><b>${t("batch.drop")}</b><span class="soft small" id="batch-kinds"></span></span></label>
    <div class="row"><button type="button" class="quiet" data-act="example" id="batch-example">${t("batch.example")}</button>
      <label class="quiet batch-folder"><input type="file" id="batch-folder" webkitdirectory class="hidden-label">${sign("folder")}<span>${t("batch.folder")}</span></label></div>
    <details class="group" id="batch-here" hidden><summary>${t("batch.here")}</summary><div class="batch-here"><label class="field"><span>${t("batch.here.in")}</span><input id="batch-in" autocomplete="off" spellcheck="false"></label>
      <label class="field"><span>${t("batch.here.out")}</span><input id="batch-out" autocomplete="off" spellcheck="false"></label><button type="button" class="button" data-act="take" id="batch-take">${t("batch.here.take")}</button></div></details>
    <p class="soft small" id="batch-sending" role="status" hidden></p>
    <p class="failure-text" id="batch-failure" role="alert" hidden></p>
    <div id="batch-new"></div><div id="batch-list"></div>`);
  sound = new Audio();
  for (const name of ["play", "pause", "ended"]) sound.addEventListener(name, paintPlaying);
  const drop = body.querySelector("#batch-drop");
  for (const id of ["batch-files", "batch-folder"]) body.querySelector("#" + id).addEventListener("change", ({ target }) => {
    const files = [...target.files];
    target.value = "";
    gather(files);
  });
  for (const name of ["dragover", "dragleave", "drop"]) drop.addEventListener(name, (event) => {
    event.preventDefault();
    drop.classList.toggle("over", name === "dragover");
    if (name === "drop") dropped(event.dataTransfer).then(gather);
  });
  acts(body, { example, take, voice: chooseVoice, look, begin, forget, pause: act, resume: act, retry: act, cancel: act, remove, files: open, turn, play });
  body.addEventListener("change", ({ target }) => {
    if (target.id === "batch-filter") { filter = target.value; page = 1; showTable(); }
    else if (target.closest("#batch-new") && seen) { seen = null; paintSeen(); }
  });
  hear("page", (name) => { if (name === "batch") show(); });
  hear("told", () => { if (here() === "batch") show(); });
  if (here() === "batch") show();
  poll();
}
const failure = () => body.querySelector("#batch-failure");
const value = (id) => body.querySelector("#" + id).value;

async function show() {
  told ??= await ask(part.server.batch_told);
  if (!told) return;
  body.querySelector("#batch-kinds").textContent = t("batch.drop.help", { suffixes: told.suffixes });
  body.querySelector("#batch-files").accept = told.accept;
  body.querySelector("#batch-here").hidden = !told.local;
  refresh();
}

/* ---- a new one ---- */
async function gather(files) {
  const wanted = files.filter((file) => !file.name.startsWith("."));
  if (!wanted.length) return;
  complain(failure(), "");
  const line = body.querySelector("#batch-sending"), sent = [];
  line.hidden = false;
  for (const file of wanted) {
    line.textContent = t("batch.sending", { n: sent.length + 1, files: wanted.length });
    const upload = await send(file, "manuscripts", failure());
    if (!upload) { line.hidden = true; return; }
    sent.push([file.below || file.webkitRelativePath || file.name, upload]);
  }
  line.hidden = true;
  begun({ files: sent }, sent.map(([name]) => name));
}
/** Files and whole folders that were dropped; each file knows its name below its folder. */
async function dropped(transfer) {
  const found = [], wait = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!wait.length) return [...transfer.files];
  for (const entry of wait) {
    if (entry.isFile) {
      const file = await new Promise((done, failed) => entry.file(done, failed));
      Object.defineProperty(file, "below", { value: entry.fullPath.slice(1) });
      found.push(file);
      continue;
    }
    const reader = entry.createReader();
    for (let some = [null]; some.length;) { some = await new Promise((done, failed) => reader.readEntries(done, failed)); wait.push(...some); }
  }
  return found.sort((a, b) => (a.below < b.below ? -1 : 1));
}
const example = () => told && begun({ example: true }, told.example);
const take = () => { if (value("batch-in").trim()) begun({ folder: value("batch-in").trim(), out: value("batch-out").trim() }, [value("batch-in").trim()]); };

async function begun(from, names) {
  await desk.opened;
  const now = desk.settings();
  source = { from, names };
  chosen = { engine: now.engine, voice: now.voice, controls: now.controls };
  seen = null;
  complain(failure(), "");
  paintNew(now.style);
}
function paintNew(style) {
  const held = desk.studio(), names = source.names, kept = remember.get("batch", {});
  const manifest = names.some((name) => /\.(json|csv|tsv)$/i.test(name));
  fill(body.querySelector("#batch-new"), html`<section class="card book batch-new" aria-label="${t("batch.new")}">
    <div class="book-facts"><b>${source.from.folder ? source.from.folder : t("batch.count", { n: names.length })}</b>
      ${source.from.folder ? "" : html`<ol class="batch-names">${names.slice(0, SHOWN).map((name) => html`<li>${name}</li>`)}</ol>${names.length > SHOWN ? html`<p class="soft small">${t("batch.more", { n: names.length - SHOWN })}</p>` : ""}`}
      ${manifest ? html`<p class="soft small">${t("batch.withmanifest")}</p>` : ""}</div>
    <div class="book-sound">
      <div class="field"><span>${t("desk.voice")}</span><button type="button" class="voice-button" id="batch-voice" data-act="voice"></button>${into.field(held.timbres, desk.settings(), 'id="batch-into"')}</div>
      <div class="pair"><label class="field"><span>${t("desk.style")}</span><select id="batch-style">${options([["", t("desk.style.none")], ...held.styles.filter((s) => !s.engine || s.engine === chosen.engine).map((s) => [s.name, s.label])], style)}</select></label>
        <label class="field"><span>${t("player.format")}</span><select id="batch-format">${options(held.formats.map((f) => [f.id, f.label]), kept.format || "mp3")}</select></label>
        <label class="field"><span>${t("speak.polish")}</span><select id="batch-polish">${options(held.polish.map((p) => [p.id, p.label]), kept.polish || "off")}</select></label>
        <label class="field"><span>${t("batch.subtitles")}</span><select id="batch-subtitles">${options(told.subtitles, kept.subtitles || "")}</select></label></div>
      ${source.from.folder ? html`<label class="inline-field"><input type="checkbox" id="batch-over">${t("batch.over")}</label>` : ""}
      <div class="row"><button type="button" class="button primary" data-act="begin" id="batch-start">${t("batch.start")}</button><button type="button" class="button" data-act="look" id="batch-look">${t("batch.look")}</button><button type="button" class="quiet" data-act="forget">${t("cancel")}</button></div></div>
    <div id="batch-seen" class="batch-seen"></div></section>`);
  paintVoice();
  paintList();
}
const voiceInTurn = ordered();
async function paintVoice() {
  const shown = await voiceInTurn(ask(part.server.batch_voice, { engine: chosen.engine, voice: chosen.voice }));
  const button = body.querySelector("#batch-voice");
  if (shown && button) fill(button, face(shown));
}
const chooseVoice = (button) => pick(button, (search) => ask(part.server.batch_voices, { engine: chosen.engine, search }), chosen.voice, (ref) => { chosen.voice = ref; seen = null; paintSeen(); paintVoice(); });
function forget() { source = seen = null; complain(failure(), ""); fill(body.querySelector("#batch-new"), ""); paintList(); }
function asked() {
  const form = { format: value("batch-format"), polish: value("batch-polish"), subtitles: value("batch-subtitles") };
  remember.set("batch", form);
  return { ...source.from, ...chosen, ...form, ...into.chosen("batch-into"), style: value("batch-style"), over: Boolean(body.querySelector("#batch-over")?.checked) };
}
async function look(button) {
  button.disabled = true;
  const mine = source;
  let found = await ask(part.server.batch_look, asked(), failure());
  const id = found?.id;
  while (found && !found.files && mine === source) {
    found = await ask(part.server.batch_looked, { id }, failure());
    if (found && mine === source && !found.files) fill(body.querySelector("#batch-seen"), html`<div class="progress-line"><progress max="1" value="${found.progress}" aria-label="${t("batch.looking")}"></progress><span class="soft">${t("batch.looking")}</span></div>`);
  }
  button.disabled = false;
  if (mine !== source || !found) return;
  seen = found;
  paintSeen();
}
function paintSeen() {
  const place = body.querySelector("#batch-seen");
  if (!place) return;
  if (!seen) return fill(place, "");
  const bad = seen.counts.bad;
  fill(place, html`<p class="batch-sum"><b>${seen.wall_s === null ? t("batch.comes.unknown", { time: span(seen.seconds) }) : t("batch.comes", { time: span(seen.seconds), wall: span(Math.max(1, seen.wall_s)) })}</b></p>
    ${seen.rooms.map((r) => html`<p class="small ${r.enough ? "soft" : "failure-text"}">${r.enough ? t("batch.room", { needed: size(r.needed), free: size(r.free) }) : t("batch.noroom", { needed: size(r.needed), free: size(r.free) })}</p>`)}
    <p class="small ${bad ? "problem-text" : "soft"}" id="batch-verdict">${bad ? t("batch.bad", { n: bad }) : t("batch.allgood")}</p>
    ${seen.notes.map((note) => html`<p class="soft small">${note}</p>`)}
    <div class="batch-scroll"><table class="batch-table"><thead><tr><th>${t("batch.column.file")}</th><th class="wide-only">${t("batch.column.voice")}</th><th>${t("batch.column.length")}</th><th>${t("batch.column.state")}</th></tr></thead>
    <tbody>${seen.files.map((f) => html`<tr data-sight="${f.sight}"><td>${f.name}</td><td class="soft wide-only">${f.voice}</td><td class="time">${f.length}</td><td>${f.error ? html`<span class="failure-text">${f.error}</span>` : html`<span class="soft">${f.word}</span>`}</td></tr>`)}</tbody></table></div>
    ${seen.more ? html`<p class="soft small">${t("batch.more", { n: seen.more })}</p>` : ""}`);
}
async function begin(button) {
  button.disabled = true;
  const made = await ask(part.server.batch_begin, asked(), failure());
  button.disabled = false;
  if (!made) return;
  opened = made.id;
  filter = "";
  page = 1;
  table = null;
  awaited = true;
  forget();
  refresh();
}

/* ---- those that are there ---- */
const listInTurn = ordered(), rowsInTurn = ordered();
async function refresh() {
  const answer = await listInTurn(ask(part.server.batches_shown));
  if (!answer) return;
  list = answer;
  awaited = false;
  paintList();
  if (opened) await showTable();
  const running = list.filter((b) => b.running);
  tell("running", { key: "batch", page: "batch", text: running.length ? t("running.batch", { name: running[0].title, done: running[0].done, files: running[0].files }) : "" });
}
async function poll() {
  for (;;) {
    await new Promise((done) => setTimeout(done, awaited ? 150 : 1000));
    if (!document.hidden && told && (awaited || list.some((b) => b.running))) await refresh();
  }
}
/** Draws anew without taking the hand away from the button that it is on. */
function keeping(work) {
  const now = document.activeElement, mine = body.contains(now) && now.closest("#batch-list");
  const at = mine && { batch: now.closest("[data-batch]")?.dataset.batch, row: now.closest("tr")?.dataset.number, act: now.dataset.act, id: now.id };
  work();
  if (!at) return;
  const card = body.querySelector(`[data-batch="${at.batch}"]`), scope = at.row ? card?.querySelector(`tr[data-number="${at.row}"]`) : card;
  (at.id ? body.querySelector("#" + at.id) : scope?.querySelector(`[data-act="${at.act}"]`))?.focus();
}
function paintList() {
  const holder = body.querySelector("#batch-list");
  if (!list.length) return fill(holder, source ? "" : html`<div class="empty"><p>${t("batch.empty")}</p></div>`);
  keeping(() => { fill(holder, html`<div class="production-rows">${list.map(card)}</div>`); paintTable(); });
}
const look_of = { paused: "stopped", cancelled: "stopped" };
const card = (b) => html`<article class="production card" data-batch="${b.id}" data-state="${b.state}">
  <div class="production-head"><div class="production-text"><b>${b.title}</b><span class="soft small">${b.facts} · ${day(b.created)}</span></div><span class="state state-${look_of[b.state] || b.state}">${b.word}</span></div>
  <div class="progress-line"><progress max="1" value="${b.progress}" aria-label="${t("batch.progress")}"></progress><span class="soft">${t("batch.far", { done: b.done, files: b.files, time: span(b.seconds) })}${b.running && b.seconds_left ? " · " + t("speak.left", { time: span(b.seconds_left) }) : ""}${b.failed ? html` · <span class="failure-text">${t("batch.failed", { n: b.failed })}</span>` : ""}</span></div>
  ${b.trouble ? html`<p class="failure-text">${b.trouble}</p>` : ""}${b.notes.map((note) => html`<p class="soft small">${note}</p>`)}
  <div class="row batch-acts">${b.ours ? html`<button type="button" class="button" data-act="pause">${sign("pause")}${t("batch.pause")}</button><button type="button" class="quiet" data-act="cancel">${t("batch.cancel")}</button>` : ""}
    ${!b.running && b.waiting ? html`<button type="button" class="button" data-act="resume">${sign("resume")}${t("batch.resume")}</button><button type="button" class="quiet" data-act="cancel">${t("batch.cancel")}</button>` : ""}
    ${!b.running && (b.failed || b.cancelled) ? html`<button type="button" class="button" data-act="retry">${sign("reset")}${t("batch.retry")}</button>` : ""}
    <button type="button" class="button" data-act="files" aria-expanded="${opened === b.id}">${t("batch.files")}${sign(opened === b.id ? "up" : "down")}</button>
    ${b.done ? html`<a class="button" download href="${root}/batches/${b.id}/all.zip">${sign("download")}${t("batch.zip")}</a>` : ""}
    ${["csv", "json"].map((f) => html`<a class="quiet batch-report" download href="${root}/batches/${b.id}/report.${f}">${t("batch.report", { format: f.toUpperCase() })}</a>`)}
    <span class="stretch"></span>${b.running ? "" : iconButton("remove", "trash", t("delete"))}</div>
  ${opened === b.id ? html`<div id="batch-table"></div>` : ""}</article>`;
const idOf = (button) => button.closest("[data-batch]").dataset.batch;

async function act(button) {
  button.disabled = true;
  await ask(part.server.batch_act, { id: idOf(button), act: button.dataset.act });
  awaited = true;
  refresh();
}
async function remove(button) {
  const id = idOf(button), name = list.find((b) => b.id === id).title;
  const answer = await dialog(t("batch.remove", { name }), html`<p>${t("batch.remove.help")}</p>`, [["", t("cancel"), ""], ["delete", t("delete"), "primary"]]);
  if (answer.pressed !== "delete") return;
  await ask(part.server.batch_act, { id, act: "delete" });
  if (opened === id) opened = "";
  refresh();
}
function open(button) {
  const id = idOf(button);
  opened = opened === id ? "" : id;
  filter = "";
  page = 1;
  table = null;
  paintList();
  if (opened) showTable();
}
async function showTable() {
  const mine = opened, answer = await rowsInTurn(ask(part.server.batch_rows, { id: mine, state: filter, page }));
  if (!answer || mine !== opened) return;
  table = answer;
  keeping(paintTable);
}
function turn(button) { page = Number(button.dataset.to); showTable(); }
function paintTable() {
  const place = body.querySelector("#batch-table");
  if (!place || !table) return;
  fill(place, html`<label class="inline-field batch-filter"><span>${t("batch.show")}</span><select id="batch-filter">${options(FILTERS.map((f) => [f, t("batch.file." + (f || "all"))]), filter)}</select></label>
    ${table.rows.length ? html`<table class="batch-table"><thead><tr><th>${t("batch.column.file")}</th><th class="wide-only">${t("batch.column.voice")}</th><th>${t("batch.column.state")}</th><th>${t("batch.column.length")}</th><th>${t("batch.column.result")}</th></tr></thead><tbody>${table.rows.map(row)}</tbody></table>` : html`<p class="soft">${t("batch.nofiles")}</p>`}${foot(table)}`);
  paintPlaying();
}
const row = (r) => html`<tr data-number="${r.number}" data-file-state="${r.state}"><td>${r.name}${r.error ? html`<span class="failure-text batch-why">${r.error}</span>` : ""}</td><td class="soft wide-only">${r.voice}</td>
  <td><span class="state state-${r.state === "kept" ? "done" : r.state === "working" ? "running" : r.state === "cancelled" ? "stopped" : r.state}">${r.word}${r.state === "working" && r.progress ? ` ${Math.floor(100 * r.progress)} %` : ""}</span></td>
  <td class="time" title="${r.loudness}">${r.length}</td>
  <td class="batch-result">${r.made ? html`${iconButton("play", "play", t("batch.hear", { name: r.name }))}<a class="icon-button" download href="${root}/batches/${opened}/files/${r.number}?download" aria-label="${t("batch.fetch", { name: r.name })}" title="${t("batch.fetch", { name: r.name })}">${sign("download")}</a>` : ""}</td></tr>`;

/* ---- listening ---- */
function play(button) {
  const address = `${root}/batches/${idOf(button)}/files/${button.closest("tr").dataset.number}`;
  if (sound.dataset.of === address && !sound.paused) return sound.pause();
  quiet();
  if (sound.dataset.of !== address) { sound.src = address; sound.dataset.of = address; }
  sounds(sound, failure);
}
function paintPlaying() {
  for (const button of body.querySelectorAll("#batch-table [data-act=play]")) {
    const mine = sound.dataset.of === `${root}/batches/${opened}/files/${button.closest("tr").dataset.number}` && !sound.paused;
    button.setAttribute("aria-pressed", mine);
    fill(button, sign(mine ? "pause" : "play"));
  }
}
