// The wall of voices: cards that can be searched, heard, rated, renamed, deleted and brought back; and drawing new ones.
import { acts, ask, dialog, fill, hear, html, iconButton, later, make, notice, options, raw, root, sign, t, tell } from "./dom.js";
import * as desk from "./desk.js";
import * as exchange from "./exchange.js";
import { go, here } from "./frame.js";
import { foot } from "./pages.js";
import * as player from "./player.js";
import * as survey from "./voice-survey.js";

let part, body, told = null;
const query = { search: "", engine: "", language: "", gender: "", kind: "", tag: "", emotion: "", favourite: false, measures: {}, sort: "newest", page: 1 };
const filters = ["engine", "language", "gender", "kind", "tag", "emotion"];

export function mount(given) {
  part = given;
  body = part.element.querySelector(".part-voices");
  fill(body, html`
    <div class="page-head"><h1>${t("nav.voices")}</h1>
      <button type="button" class="button" data-act="seed" id="voice-add">${sign("add")}${t("voices.fromseed")}</button>
      <button type="button" class="button primary" data-act="draw" id="voice-draw">${sign("dice")}${t("voices.draw")}</button></div>
    <div class="filters"><label class="search-field">${sign("search")}<input type="search" id="voice-search" placeholder="${t("voices.search")}" aria-label="${t("voices.search")}"></label>
      <span id="voice-filters" class="row"></span></div>
    <div id="drawn"></div>
    <div id="survey"></div>
    <div id="voice-wall"></div>`);
  survey.mount(part, body.querySelector("#survey"), query, () => show(1));
  acts(body, { like: (button) => survey.like(of(button)), measures: (button) => survey.measures(of(button)), seed: addSeed, draw, hear: listen, mood, use, edit, favourite, rate, drop, keep, turn, fewer: clear, again: drawAgain, closedraw: () => fill(body.querySelector("#drawn"), "") });
  body.querySelector("#voice-search").addEventListener("input", later(200, (event) => { query.search = event.target.value; show(1); }));
  body.querySelector("#voice-filters").addEventListener("change", ({ target }) => {
    query[target.name] = target.type === "checkbox" ? target.checked : target.value;
    show(1);
  });
  body.addEventListener("keydown", (event) => {
    const card = event.target.closest(".voice-card");
    if (card && event.key === " " && event.target === card) { event.preventDefault(); card.querySelector("[data-act=hear]").click(); }
  });
  exchange.mount(part, body, { query: () => query, total: () => told?.total ?? 0, reload: () => show() });
  hear("page", (page) => { if (page === "voices") show(); });
  hear("voices", () => { if (here() === "voices") show(); });
  if (here() === "voices") show();
}

let turns = 0;
async function show(page = query.page) {
  query.page = page;
  const mine = ++turns;
  const answer = await ask(part.server.find_voices, query);
  if (!answer || mine !== turns) return;
  told = answer;
  if (query.page > told.pages) return show(told.pages);
  paintFilters();
  fill(body.querySelector("#voice-wall"), told.total ? html`<div class="wall">${told.voices.map(card)}</div>${foot(told)}` : empty());
}
const filtered = () => query.search || query.favourite || Object.keys(query.measures).length || filters.some((name) => query[name]);
const empty = () => (filtered()
  ? html`<div class="empty"><p>${t("voices.nomatch")}</p><button type="button" class="button" data-act="fewer">${t("list.clear")}</button></div>`
  : html`<div class="empty"><p>${t("voices.empty")}</p></div>`);
function clear() {
  Object.assign(query, { search: "", engine: "", language: "", gender: "", kind: "", tag: "", emotion: "", favourite: false });
  survey.reset();
  body.querySelector("#voice-search").value = "";
  show(1);
}

function paintFilters() {
  const choose = (name) => (told.facets[name].length < 2 && !query[name] ? "" : html`<select name="${name}" aria-label="${t("voices.by." + name)}">${options([["", t("voices.any." + name)], ...told.facets[name]], query[name])}</select>`);
  const sorts = ["newest", "used", "name", "rating"].map((name) => [name, t("voices.sort." + name)]);
  fill(body.querySelector("#voice-filters"), html`${filters.map(choose)}
    <select name="sort" aria-label="${t("voices.sort")}">${options(sorts, query.sort)}</select>
    <label class="check"><input type="checkbox" name="favourite" ${raw(query.favourite ? "checked" : "")}>${t("voices.favourites")}</label>`);
}

const stars = (voice) => html`<span class="stars" role="group" aria-label="${t("voice.rating", { n: voice.rating })}">${[1, 2, 3, 4, 5].map((n) =>
  html`<button type="button" data-act="rate" data-stars="${n === voice.rating ? 0 : n}" class="star ${n <= voice.rating ? "on" : ""}" aria-label="${t("voice.rate", { n })}" title="${t("voice.rate", { n })}">${sign("star")}</button>`)}</span>`;

const card = (v) => html`<article class="voice-card card" tabindex="0" data-id="${v.id}" aria-label="${v.name}">
  <div class="voice-top"><span class="glyph big">${raw(v.glyph)}</span><div class="voice-text"><b>${v.name}</b><span class="soft">${v.facts}</span></div>
    ${iconButton("favourite", "heart", t("voice.favourite"), `aria-pressed="${v.favourite}"`)}</div>
  <div class="voice-tags">${v.tags.map((tag) => html`<span class="tag">${tag}</span>`)}${v.emotion ? html`<span class="tag mood-tag"><i class="mood mood-${v.emotion}"></i>${told.emotions[v.emotion] || v.emotion}</span>` : ""}</div>
  <div class="voice-acts">${iconButton("hear", "play", t("voice.hear"))}${stars(v)}<span class="stretch"></span>
    ${Object.keys(told.emotions).length ? iconButton("mood", "transcribe", t("voice.mood")) : ""}${iconButton("like", "similar", t("survey.like"))}${iconButton("measures", "measure", t("measure.title"))}${iconButton("edit", "edit", t("voice.edit"))}${iconButton("drop", "trash", t("delete"))}
    <button type="button" class="quiet strong" data-act="use">${t("voice.use")}</button></div></article>`;

async function mood(button) {
  button.disabled = true;
  const heard = await ask(part.server.hear_emotion, { id: of(button).id });
  button.disabled = false;
  if (heard) show();
}
const of = (button) => told.voices.find((v) => v.id === button.closest("[data-id]").dataset.id);

async function listen(button) {
  const seed = button.closest("[data-seed]")?.dataset.seed;
  const voice = seed === undefined ? of(button) : { name: t("voice.seedname", { n: seed }), ref: "seed:" + seed, engine: drawing.engine };
  const answer = await ask(part.server.hear_voice, { voice: voice.ref ?? voice.id, engine: voice.engine });
  if (!answer) return;
  const heard = await player.perform(root + answer.stream, { title: voice.name, facts: answer.facts }).catch((error) => notice(error.message, { kind: "failure" }));
  const take = heard && (await ask(part.server.preview_made, { id: answer.id }));
  if (take) player.finished({ ...take, title: voice.name });
}
async function use(button) {
  const voice = of(button);
  await desk.useVoice(voice.id, voice.engine);
  go("speak");
}
async function change(voice, changes) {
  const after = await ask(part.server.change_voice, { id: voice.id, ...changes });
  if (!after) return;
  Object.assign(voice, after);
  body.querySelector(`[data-id="${voice.id}"]`)?.replaceWith(make(card(voice)));
  tell("voicechanged");
}
const favourite = (button) => change(of(button), { favourite: !of(button).favourite });
const rate = (button) => change(of(button), { rating: Number(button.dataset.stars) });
async function edit(button) {
  const voice = of(button);
  const answer = await dialog(t("voice.edit"), html`
    <label class="field"><span>${t("name")}</span><input name="name" maxlength="80" required value="${voice.name}" autofocus></label>
    <label class="field"><span>${t("voice.tags")}</span><input name="tags" value="${voice.tags.join(", ")}" placeholder="${t("voice.tags.help")}"></label>
    <label class="field"><span>${t("note")}</span><textarea name="note" rows="3" maxlength="2000">${voice.note}</textarea></label>`, [["save", t("save"), "primary"]]);
  if (answer.pressed !== "save") return;
  const tags = answer.values.tags.split(/[,，、;；]/).map((tag) => tag.trim()).filter(Boolean);
  change(voice, { name: answer.values.name.trim(), tags, note: answer.values.note });
}
async function drop(button) {
  const voice = of(button);
  if (!(await ask(part.server.drop_voice, { id: voice.id }))) return;
  show();
  tell("voicechanged");
  notice(t("voice.deleted", { name: voice.name }), { act: t("undo"), run: async () => { await ask(part.server.restore_voice, { id: voice.id }); show(); } });
}
const turn = (button) => show(Number(button.dataset.to)).then(() => scrollTo(0, 0));

/* ---- new voices ---- */
let drawing = { engine: "", seeds: [] };
const drawable = () => desk.studio().engines.filter((e) => e.ready && e.kinds.includes("seed")).map((e) => [e.id, e.title]);

async function addSeed() {
  const answer = await dialog(t("voices.fromseed"), html`
    <label class="field"><span>${t("desk.engine")}</span><select name="engine">${options(drawable(), desk.settings().engine)}</select></label>
    <label class="field"><span>${t("desk.voiceseed")}</span><input name="seed" inputmode="numeric" pattern="[0-9]+" required autofocus placeholder="2222"></label>
    <label class="field"><span>${t("name")}</span><input name="name" maxlength="80" required></label>`, [["save", t("save"), "primary"]]);
  if (answer.pressed === "save") keepSeed(answer.values);
}
async function keepSeed({ engine, seed, name }) {
  const voice = await ask(part.server.add_seed, { engine, seed: Number(seed), name: name.trim() });
  if (!voice) return null;
  notice(t("voice.kept", { name: voice.name }), { act: t("voice.use"), run: async () => { await desk.useVoice(voice.id, voice.engine); go("speak"); } });
  tell("voices");
  return voice;
}
const draw = () => { drawing.engine = drawable().find(([id]) => id === desk.settings().engine)?.[0] || drawable()[0]?.[0]; drawAgain(); };
async function drawAgain() {
  const drawn = await ask(part.server.draw_seeds, { engine: drawing.engine, count: 12 });
  if (!drawn) return;
  fill(body.querySelector("#drawn"), html`<section class="drawn card" aria-label="${t("voices.draw")}"><div class="row"><b>${t("voices.drawn")}</b><span class="soft small">${t("voices.drawn.help")}</span><span class="stretch"></span>
    <button type="button" class="button" data-act="again" id="draw-again">${sign("dice")}${t("voices.again")}</button>${iconButton("closedraw", "close", t("close"))}</div>
    <div class="drawn-grid">${drawn.map((d) => html`<div class="drawn-voice" data-seed="${d.seed}"><span class="glyph big">${raw(d.glyph)}</span><span class="voice-text"><b>${d.seed}</b></span>
      ${iconButton("hear", "play", t("voice.hear"))}<button type="button" class="quiet strong" data-act="keep">${t("voice.keep")}</button></div>`)}</div></section>`);
}
async function keep(button) {
  const cell = button.closest("[data-seed]");
  const answer = await dialog(t("voice.keep"), html`<label class="field"><span>${t("name")}</span><input name="name" maxlength="80" required autofocus></label>`, [["save", t("save"), "primary"]]);
  if (answer.pressed !== "save") return;
  if (await keepSeed({ engine: drawing.engine, seed: cell.dataset.seed, name: answer.values.name })) {
    button.replaceWith(make(html`<span class="kept">${sign("check")}${t("voice.iskept")}</span>`));
    show();
  }
}
