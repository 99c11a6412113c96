// The history of everything that was spoken: heard again, compared, starred, noted, loaded back, deleted and brought back.
import { acts, ask, day, dialog, fill, hear, html, iconButton, later, make, notice, options, raw, sign, t, tell, ordered } from "./dom.js";
import { revoice as said } from "./cloning.js";
import { here } from "./frame.js";
import { foot } from "./pages.js";
import * as player from "./player.js";
import { facts } from "./recipe.js";
import { captionLinks } from "./captions.js";
import { draw } from "./wave.js";

let part, body, told = null, chosen = [];
const query = { search: "", engine: "", emotion: "", starred: false, lines: false, sort: "newest", page: 1 };

export function mount(given) {
  part = given;
  body = part.element.querySelector(".part-takes");
  fill(body, html`
    <div class="page-head"><h1>${t("nav.takes")}</h1>
      <button type="button" class="button" data-act="compare" id="take-compare" disabled>${sign("compare")}${t("takes.compare")}</button></div>
    <div class="filters"><label class="search-field">${sign("search")}<input type="search" id="take-search" placeholder="${t("takes.search")}" aria-label="${t("takes.search")}"></label>
      <span id="take-filters" class="row"></span></div>
    <div id="take-list"></div>`);
  acts(body, { play, revoice, star, subtitles, note, load, drop, turn, compare, recipe, fewer: clear });
  body.querySelector("#take-search").addEventListener("input", later(200, (event) => { query.search = event.target.value; show(1); }));
  body.querySelector("#take-filters").addEventListener("change", ({ target }) => {
    query[target.name] = target.type === "checkbox" ? target.checked : target.value;
    show(1);
  });
  body.querySelector("#take-list").addEventListener("change", ({ target }) => { if (target.name === "choose") choose(target); });
  hear("page", (page) => { if (page === "takes") show(); });
  hear("takes", () => { if (here() === "takes") show(); });
  hear("starred", ({ digest, starred }) => { const take = told?.takes.find((one) => one.digest === digest); if (take) { take.starred = starred; repaint(take); } });
  if (here() === "takes") show();
}

const inTurn = ordered();
async function show(page = query.page) {
  query.page = page;
  const answer = await inTurn(ask(part.server.find_takes, query));
  if (!answer) return;
  told = answer;
  if (query.page > told.pages) return show(told.pages);
  chosen = chosen.filter((digest) => told.takes.some((take) => take.digest === digest));
  paintFilters();
  fill(body.querySelector("#take-list"), told.total ? html`<div class="take-rows">${told.takes.map(row)}</div>${foot(told)}` : empty());
  paintChosen();
}
const empty = () => (query.search || query.starred || query.engine || query.emotion
  ? html`<div class="empty"><p>${t("takes.nomatch")}</p><button type="button" class="button" data-act="fewer">${t("list.clear")}</button></div>`
  : html`<div class="empty"><p>${t("takes.empty")}</p><a class="button" href="#/speak">${t("takes.start")}</a></div>`);
function clear() {
  Object.assign(query, { search: "", engine: "", emotion: "", starred: false });
  body.querySelector("#take-search").value = "";
  show(1);
}
function paintFilters() {
  const sorts = ["newest", "longest", "used"].map((name) => [name, t("takes.sort." + name)]);
  fill(body.querySelector("#take-filters"), html`
    ${told.engines.length > 1 ? html`<select name="engine" aria-label="${t("voices.by.engine")}">${options([["", t("voices.any.engine")], ...told.engines], query.engine)}</select>` : ""}
    ${told.emotions.length ? html`<select name="emotion" aria-label="${t("voices.by.emotion")}">${options([["", t("voices.any.emotion")], ...told.emotions], query.emotion)}</select>` : ""}
    <select name="sort" aria-label="${t("voices.sort")}">${options(sorts, query.sort)}</select>
    <label class="check"><input type="checkbox" name="starred" ${raw(query.starred ? "checked" : "")}>${t("takes.starred")}</label>
    <label class="check" title="${t("takes.lines.help")}"><input type="checkbox" name="lines" ${raw(query.lines ? "checked" : "")}>${t("takes.lines")}</label>`);
}

const row = (take) => html`<article class="take-row" data-digest="${take.digest}">
  <label class="tick" title="${t("takes.choose")}"><input type="checkbox" name="choose" aria-label="${t("takes.choose")}" ${raw(chosen.includes(take.digest) ? "checked" : "")}></label>
  <button type="button" class="round small-round" data-act="play" aria-label="${t("player.play")}" title="${t("player.play")}">${sign("play")}</button>
  <div class="take-text"><span class="take-title">${take.title}</span><span class="soft small">${take.facts} · ${day(take.created)}</span>
    ${take.note ? html`<span class="small take-note">${take.note}</span>` : ""}</div>
  <div class="take-acts">${iconButton("star", "star", t("take.star"), `aria-pressed="${take.starred}"`)}${iconButton("note", "note", t("take.note"))}
    ${iconButton("recipe", "recipe", t("player.recipe"))}${iconButton("subtitles", "subtitles", t("captions"))}${told.converts ? iconButton("revoice", "voices", t("clone.revoice")) : ""}${take.loadable ? iconButton("load", "load", t("recipe.load")) : ""}${iconButton("drop", "trash", t("delete"))}</div></article>`;
const of = (button) => told.takes.find((take) => take.digest === button.closest("[data-digest]").dataset.digest);
const repaint = (take) => body.querySelector(`.take-row[data-digest="${take.digest}"]`)?.replaceWith(make(row(take)));

const play = (button) => player.playTake(of(button));
const star = (button) => tell("star", { digest: of(button).digest, starred: !of(button).starred });
const recipe = (button) => tell("recipe", of(button).digest);
const subtitles = (button) => dialog(t("captions"), html`<p class="soft">${of(button).title}</p>${captionLinks(`takes/${of(button).digest}/subtitles`, told.subtitles)}`);
const load = (button) => tell("load", of(button).digest);
const turn = (button) => show(Number(button.dataset.to)).then(() => scrollTo(0, 0));
async function note(button) {
  const take = of(button);
  const answer = await dialog(t("take.note"), html`<label class="field"><span>${t("note")}</span><textarea name="note" rows="4" maxlength="2000" autofocus>${take.note}</textarea></label>`, [["save", t("save"), "primary"]]);
  if (answer.pressed !== "save" || !(await ask(part.server.note_take, { digest: take.digest, note: answer.values.note }))) return;
  take.note = answer.values.note;
  repaint(take);
}
async function revoice(button) {
  button.disabled = true;
  const made = await said(of(button));
  button.disabled = false;
  if (!made) return;
  await show(1);
  player.playTake(made);
}
async function drop(button) {
  const take = of(button);
  if (!(await ask(part.server.drop_take, { digest: take.digest }))) return;
  show();
  notice(t("take.deleted"), { act: t("undo"), run: async () => { await ask(part.server.restore_take, { digest: take.digest }); show(); } });
}

/* ---- comparing ---- */
function choose(box) {
  const digest = box.closest("[data-digest]").dataset.digest;
  chosen = chosen.filter((one) => one !== digest);
  if (box.checked) chosen.push(digest);
  while (chosen.length > 2) {
    const first = chosen.shift();
    const other = body.querySelector(`[data-digest="${first}"] [name=choose]`);
    if (other) other.checked = false;
  }
  paintChosen();
}
function paintChosen() {
  const button = body.querySelector("#take-compare");
  button.disabled = chosen.length !== 2;
  button.title = chosen.length === 2 ? "" : t("takes.compare.help");
}
async function compare() {
  const sides = await ask(part.server.compare_takes, { digests: chosen });
  if (!sides) return;
  player.quiet();
  const closed = dialog(t("takes.compare"), html`<div class="compare">${sides.map((side) => html`<section data-digest="${side.digest}"><h3>${side.title}</h3>
    <canvas class="compare-wave"></canvas><audio controls preload="metadata" src="${player.address(side.digest, "flac")}"></audio>${facts(side.facts)}</section>`)}</div>
    <p class="soft small legend"><span class="differs">${t("takes.differs")}</span></p>`);
  const box = document.querySelector("dialog.sheet");
  box.classList.add("wide");
  for (const audio of box.querySelectorAll("audio"))
    audio.addEventListener("play", () => { for (const other of box.querySelectorAll("audio")) if (other !== audio) other.pause(); });
  for (const side of box.querySelectorAll("section"))
    player.peaksOf(side.dataset.digest).then((peaks) => draw(side.querySelector("canvas"), peaks));
  await closed;
}
