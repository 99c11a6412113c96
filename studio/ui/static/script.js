// An opened production: its head with progress and Render, and below it one of script, cast, lexicon, sound, masters.
import { acts, ask, complain, dialog, fill, hear, html, iconButton, later, make, notice, options, ordered, raw, root, send as sendTo, sign, span, t, tell } from "./dom.js";
import { here, within } from "./frame.js";
import * as cast from "./cast.js";
import * as lexicon from "./lexicon.js";
import * as lines from "./lines.js";
import * as masters from "./masters.js";

const tabs = { script: lines, cast, lexicon, sound: masters.sound, export: masters.files };
let part, body, open = "", tab = "", timer = 0, failed = ""; // what the job complained of
/** What the server says of this production; the tabs read it and never write it. */
export let now = null;
export const id = () => open;
/** Asks a question about this production. */
export const about = (name, asked = {}, place = failure()) => ask(part.server[name], { id: open, ...asked }, place);
/** The same where nothing is changed: what an act complained of stays. */
export const look = (name, asked = {}) => about(name, asked, null);
export const failure = () => body.querySelector("#script-failure");
const shown = () => here() === "productions" && within()[0];

export function mount(given) {
  part = given;
  body = part.element.querySelector(".part-script");
  acts(body, { render, pause, stop, more, title, undo, redo });
  hear("page", turn);
  document.addEventListener("keydown", (event) => shown() && tabs[tab]?.keys?.(event));
  turn();
}

async function turn() {
  const wanted = shown() || "";
  document.getElementById("page-productions")?.classList.toggle("opened", Boolean(wanted));
  if (!wanted) { open = ""; now = null; clearTimeout(timer); fill(body, ""); return; }
  const next = within()[1] in tabs ? within()[1] : "script";
  if (wanted === open && next === tab) return;
  if (wanted !== open) {
    open = wanted;
    const answer = await ask(part.server.script_opened, { id: open });
    if (!answer) { location.hash = "#/productions"; return; }
    now = answer;
    fill(body, html`<header class="script-head" id="script-head"></header>
      <nav class="tabs" id="script-tabs" aria-label="${t("script.parts")}"></nav>
      <p class="failure-text" id="script-failure" role="alert" hidden></p><div id="script-body"></div>`);
    poll();
  }
  tab = next;
  paintTabs();
  paintHead();
  const fresh = make(html`<div id="script-body"></div>`); // what the tab before listened to goes with it
  body.querySelector("#script-body").replaceWith(fresh);
  tabs[tab].mount(fresh);
}

const inTurn = ordered();
/** Looks at the server again; tabs hear "script" when something changed. */
export async function refresh() {
  if (!open) return;
  const asked = open, answer = await inTurn(look("script_state"));
  if (!answer || asked !== open || !now) return;
  const before = now;
  now = { ...now, ...answer };
  paintHead();
  paintTabs();
  tabs[tab]?.update?.(before);
  if (restless && !now.job.running) { restless--; tabs[tab]?.again?.(); } // a line may be rendered between two looks
  const p = now.job;
  tell("running", { key: "script", page: "productions/" + open, text: p.running ? t("running.production", { name: now.title, percent: Math.floor(p.share * 100) }) : "" });
}
const soon = later(120, refresh);
async function poll() {
  clearTimeout(timer);
  const mine = open;
  timer = setTimeout(async () => {
    if (mine !== open) return;
    if (!document.hidden && now && (now.job.running || waiting > 0)) { waiting--; await refresh(); }
    poll();
  }, 600);
}
let waiting = 0, restless = 0;
/** One edit. Gives the line to stand on ("" where that is clear), or null where it was refused. */
export async function edit(what, asked = {}) {
  const answer = await about("script_edited", { what, ...asked });
  if (answer) soon();
  return answer && answer.line;
}

function paintTabs() {
  const problems = now.chapters.reduce((sum, c) => sum + c.problems, 0) + (now.progress.states.failed || 0);
  const missing = now.cast.filter((c) => c.missing).length;
  const marks = { script: problems || "", cast: missing || "" };
  fill(body.querySelector("#script-tabs"), html`${Object.keys(tabs).map((name) => html`<a href="#/productions/${open}/${name}" id="tab-${name}" ${raw(name === tab ? 'aria-current="page"' : "")}>${t("script.tab." + name)}${marks[name] ? html`<span class="badge" title="${t("script.tolook", { n: marks[name] })}">${marks[name]}</span>` : ""}</a>`)}`);
}
function paintHead() {
  const p = now.progress, job = now.job, done = (p.states.done || 0) + (p.states.locked || 0), left = p.lines - done;
  const share = p.lines ? done / p.lines : 0;
  const speed = job.running && job.speed > 1 ? " · " + t("script.speed", { n: job.speed < 10 ? job.speed.toFixed(1) : Math.round(job.speed) }) : "";
  const time = job.running && job.seconds_left ? " · " + t("speak.left", { time: span(job.seconds_left) }) : "";
  const focus = document.activeElement?.id;
  fill(body.querySelector("#script-head"), html`<a class="icon-button" href="#/productions" aria-label="${t("script.back")}" title="${t("script.back")}">${sign("left")}</a>
    <div class="script-name"><h1><button type="button" class="plain" data-act="title" title="${t("script.rename")}">${now.title}</button></h1>
      <span class="soft small" id="script-facts">${t("script.done", { done, lines: p.lines })} · ${span(p.seconds)}${job.paused ? " · " + t("script.paused") : ""}${speed}${time}</span>
      <progress max="1" value="${share}" aria-label="${t("book.progress")}"></progress></div>
    <div class="row script-acts">${iconButton("undo", "reset", now.undo ? t("script.undo", { what: now.undo }) : t("undo"), `id="script-undo" ${now.undo ? "" : "disabled"}`)}
      ${job.running && !job.paused ? html`<button type="button" class="button" data-act="pause" id="script-pause">${sign("pause")}${t("player.pause")}</button>`
        : html`<button type="button" class="button primary" data-act="render" id="script-render" ${raw(left || job.paused ? "" : "disabled")}>${sign("play")}${job.paused ? t("book.resume") : left ? t("script.render", { n: left }) : t("script.alldone")}</button>`}
      ${job.running ? iconButton("stop", "stop", t("stop"), 'id="script-stop"') : ""}${iconButton("more", "more", t("script.more"), 'id="script-more"')}</div>`);
  if (job.error || failed) complain(failure(), job.error); // what something else complained of is not wiped away
  failed = job.error;
  if (focus && focus.startsWith("script-")) document.getElementById(focus)?.focus();
}
async function render() { if (await about("render_begun")) { waiting = 3; restless = 2; refresh(); } }
/** Renders some lines, a chapter, or all from a line on. */
export async function renderSome(scope) { if (await about("render_begun", scope)) { waiting = 3; restless = 2; refresh(); } }
export async function again(ids) { if (await about("lines_again", { lines: ids })) { waiting = 3; restless = 2; refresh(); } }
const pause = async () => { await about("render_paused"); refresh(); };
const stop = async () => { await about("render_stopped"); waiting = 2; refresh(); };
const undo = async () => { if ((await edit("undo")) !== null) { await refresh(); tabs[tab].reload?.(); } };
const redo = async () => { if ((await edit("redo")) !== null) { await refresh(); tabs[tab].reload?.(); } };
export { undo, redo };

async function title() {
  const { pressed, values } = await dialog(t("script.rename"), html`<label class="field"><span>${t("book.title")}</span><input name="title" value="${now.title}" maxlength="200" autofocus></label>
    <label class="field"><span>${t("book.author")}</span><input name="author" value="${now.author}" maxlength="200"></label>`, [["ok", t("save"), "primary"]]);
  if (pressed !== "ok") return;
  const answer = await about("script_named", values);
  if (answer) { now = { ...now, ...answer }; paintHead(); }
}
async function more() {
  const { pressed, values } = await dialog(t("script.more"), html`<div class="sheet-list">
    <label class="button">${sign("file")}<span>${t("script.revise")}</span><input type="file" class="hidden-label" id="script-revise"></label>
    <p class="soft small">${t("script.revise.help")}</p>
    <a class="button" href="${root}/scripts/${open}/pack.zip" download>${sign("download")}${t("script.pack")}</a>
    <p class="soft small">${t("script.pack.help")}</p>
    <a class="button" href="${root}/scripts/${open}/report.html" target="_blank" rel="noopener">${sign("recipe")}${t("script.report")}</a>
    <label class="field"><span>${t("script.tries")}</span><select name="tries">${options([0, 1, 2, 3, 5].map((n) => [n, n]), now.rendering.tries ?? 2)}</select></label>
    <label class="field"><span>${t("script.priority")}</span><select name="priority">${options([[5, t("script.first")], [0, t("script.usual")], [-5, t("script.last")]], now.job.priority)}</select></label>
    <label class="field"><span>${t("fact.seed")}</span><input name="seed" type="number" min="0" value="${now.reading.seed ?? 0}"></label></div>`,
    [["copy", t("script.copy"), ""], ["ok", t("save"), "primary"]]);
  if (pressed === "copy") {
    const made = await about("script_copied");
    if (made) location.hash = "#/productions/" + made.id;
    return;
  }
  if (pressed !== "ok") return;
  if (Number(values.tries) !== (now.rendering.tries ?? 2) && (await about("rendering_set", { tries: Number(values.tries) }))) now.rendering.tries = Number(values.tries);
  if (Number(values.priority) !== now.job.priority) await about("render_first", { priority: Number(values.priority) });
  if (Number(values.seed) !== (now.reading.seed ?? 0) && (await about("reading_set", { seed: Number(values.seed) }))) now.reading.seed = Number(values.seed);
  await refresh();
  tabs[tab].reload?.();
}
document.addEventListener("change", async ({ target }) => {
  if (target.id !== "script-revise" || !target.files[0]) return;
  const upload = await send(target.files[0], "manuscripts");
  target.closest("dialog").close("");
  const found = upload && (await about("manuscript_revised", { upload }));
  if (!found) return;
  notice(t("script.revised", found), { act: t("undo"), run: undo });
  await refresh();
  tabs[tab].reload?.();
});
/** Sends a file of the person's; gives its ticket. */
export const send = (file, kind = "recordings") => sendTo(file, kind, failure());
/** The words for a code: `[[code, words], …]`. */
export const word = (table, code) => table.find(([name]) => name === code)?.[1] ?? code;
