// A recording said in another voice: dropped or spoken, a voice chosen, watched while it is made, heard before and after.
import { acts, ask, complain, fill, hear, html, iconButton, options, raw, remember, root, sign, sounds, span, t, tell } from "./dom.js";
import * as desk from "./desk.js";
import { go } from "./frame.js";
import { record, takesFiles, upload } from "./microphone.js";
import { pick } from "./picker.js";
import * as player from "./player.js";

let part, box, told = null, engine = "", voice = null, source = null, running = "", made = null, sound;
const POLL_MS = 250;
const failure = () => box.querySelector("#change-failure");

/** `given` is the component of the page, `place` where the panel stands. */
export function mount(given, place) {
  part = given;
  box = place;
  acts(box, {
    closechange: close, changemodels: () => go("models"), changerecord: (button) => record(button, failure(), take), changevoice: choose, changego: convert, changestop: stop,
    changebefore: before, changeafter: after, changekeep: keep,
  });
  box.addEventListener("change", async ({ target }) => {
    if (target.name === "engine") await turn(target.value);
    else if (target.name === "format") { remember.set("format", target.value); paintMade(); }
  });
  hear("starred", ({ digest, starred }) => { if (made?.digest === digest) { made.starred = starred; paintMade(); } });
}

/** Opens the panel; `file` is a recording that was dropped on the page. */
export async function open(file = null) {
  told = await ask(part.server.change_start);
  if (!told) return;
  engine = told.engines.find(([id]) => id === (engine || desk.settings().engine))?.[0] || told.engines[0]?.[0] || "";
  if (engine && !voice) await first();
  paint();
  box.scrollIntoView({ block: "nearest" });
  if (file) take(file, file.name);
}
function close() {
  if (running) stop();
  sound?.pause();
  source = made = null;
  running = "";
  fill(box, "");
}
const offered = (search) => ask(part.server.change_targets, { engine, search }, failure());
/** The voice that stands there before one is chosen: the library's that was used last, else the engine's own. */
async function first() {
  const groups = (await ask(part.server.change_targets, { engine, search: "" })) || [];
  voice = groups.flatMap((group) => group.voices)[0] || null;
}
/** To another model; nothing begins before one of its voices stands there. */
async function turn(wanted) {
  engine = wanted;
  voice = null;
  box.querySelector("#change-go").disabled = true;
  await first();
  paint();
  box.querySelector("#change-engine").focus();
}
function choose(button) {
  const seen = new Map();
  pick(button, async (search) => {
    const groups = await offered(search);
    for (const one of groups?.flatMap((group) => group.voices) || []) seen.set(one.ref, one);
    return groups;
  }, voice?.ref, (ref) => { voice = seen.get(ref); paint(); });
}

const missing = () => html`<div class="empty"><p>${t("change.none")}</p>${told.missing.map(([title, note]) => html`<p class="soft small"><b>${title}</b> ${note}</p>`)}
  <button type="button" class="button" data-act="changemodels">${t("clone.install")}</button></div>`;
function paint() {
  fill(box, html`<section class="card change" aria-label="${t("change.title")}">
    <div class="row"><h2>${t("change.title")}</h2><span class="stretch"></span>${iconButton("closechange", "close", t("close"))}</div>
    ${told.engines.length ? html`<div class="row change-from"><label class="drop" id="change-drop"><input type="file" id="change-file" accept="audio/*,video/*" class="hidden-label">
        ${sign("voices")}<span><b>${source ? source.name : t("change.drop")}</b><span class="soft small">${source ? span(source.seconds) : t("change.drop.help")}</span></span></label>
      <button type="button" class="button" data-act="changerecord" id="change-record">${sign("mic")}<span>${t("hear.record")}</span></button></div>
    <div class="row change-into"><span class="soft">${t("clone.revoice.voice")}</span><span><button type="button" class="button change-voice" data-act="changevoice" id="change-voice" aria-haspopup="dialog">${voice ? html`<span class="glyph">${raw(voice.glyph)}</span><b>${voice.name}</b>` : t("change.choose")}</button></span>
      ${told.engines.length > 1 ? html`<label class="inline-field"><span>${t("desk.engine")}</span><select name="engine" id="change-engine">${options(told.engines, engine)}</select></label>` : ""}
      <button type="button" class="button" data-act="changego" id="change-go" ${raw(source && voice && !running ? "" : "disabled")}>${t("clone.revoice.go")}</button></div>
    <div class="progress-line" id="change-progress" hidden><span>${t("change.working")}</span><progress max="1" value="0" aria-label="${t("change.working")}"></progress><span class="soft" id="change-left"></span><button type="button" class="button small-button" data-act="changestop">${t("stop")}</button></div>
    <p class="failure-text" id="change-failure" role="alert" hidden></p><div id="change-made"></div>` : missing()}</section>`);
  if (told.engines.length) takesFiles(box.querySelector("#change-drop"), take);
  paintMade();
}

/* ---- the recording ---- */
async function take(file, name) {
  const ticket = await upload(file, name, failure());
  const about = ticket && (await ask(part.server.change_source, { upload: ticket }, failure()));
  if (!about) return;
  source = { ...about, upload: ticket };
  made = null;
  paint();
  box.querySelector("#change-go").focus();
}

/* ---- the work ---- */
async function convert() {
  complain(failure(), "");
  const begun = await ask(part.server.change_begin, { upload: source.upload, engine, voice: voice.ref }, failure());
  if (!begun) return;
  running = begun.job;
  made = null;
  paint();
  watch(running);
}
const stop = () => ask(part.server.change_stop, { job: running }, failure());
async function watch(job) {
  const line = box.querySelector("#change-progress");
  line.hidden = false;
  for (;;) {
    const now = await ask(part.server.change_seen, { job }, failure());
    if (running !== job) return;
    if (!now?.waiting) { running = ""; made = now; break; }
    const bar = box.querySelector("#change-progress");
    bar.hidden = false;
    bar.querySelector("progress").value = now.progress;
    box.querySelector("#change-left").textContent = now.seconds_left === null ? "" : t("speak.left", { time: span(now.seconds_left) });
    await new Promise((done) => setTimeout(done, POLL_MS));
  }
  const wrong = failure().textContent;
  paint();
  if (!made) return complain(failure(), wrong);
  tell("takes");
  after();
}

/* ---- before and after ---- */
function paintMade() {
  const place = box.querySelector("#change-made");
  if (!place) return;
  const format = remember.get("format", "wav"), kept = made?.starred;
  fill(place, !made && !source ? "" : html`<div class="row change-hear">
    ${source ? html`<button type="button" class="button" data-act="changebefore" id="change-before">${sign("play")}<span>${t("change.before")}</span></button>` : ""}
    ${made ? html`<button type="button" class="button" data-act="changeafter" id="change-after">${sign("play")}<span>${t("change.after")}</span></button><span class="soft small">${made.facts}</span><span class="stretch"></span>
    <label><span class="hidden-label">${t("player.format")}</span><select name="format" id="change-format" title="${t("player.format")}">${options(desk.studio().formats.map((f) => [f.id, f.label]), format)}</select></label>
    <a class="button" id="change-download" href="${root}/takes/${made.digest}.${format}?download=1" download>${sign("download")}${t("change.download")}</a>
    <button type="button" class="quiet" data-act="changekeep" id="change-keep" aria-pressed="${Boolean(kept)}">${sign("star")}${t(kept ? "change.kept" : "change.keep")}</button>` : ""}</div>`);
}
function before() {
  sound ||= new Audio();
  if (!sound.paused) return sound.pause();
  player.quiet();
  sound.src = `${root}/recordings/${source.upload}`;
  sounds(sound, failure);
}
function after() {
  sound?.pause();
  player.playTake(made);
}
/** A kept take is never cleaned away. */
const keep = () => tell("star", { digest: made.digest, starred: !made.starred });
