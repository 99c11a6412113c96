// The wall of voices: cards that can be searched, heard, opened, compared, rated, renamed, deleted and brought back.
import { acts, ask, dialog, fill, hear, html, iconButton, later, make, notice, options, raw, sign, t, tell, ordered } from "./dom.js";
import * as blend from "./blend.js";
import * as changes from "./change.js";
import * as cloning from "./cloning.js";
import * as tray from "./compare.js";
import * as desk from "./desk.js";
import * as draws from "./draw.js";
import * as exchange from "./exchange.js";
import { go, here } from "./frame.js";
import { foot } from "./pages.js";
import * as styles from "./styles.js";
import * as opened from "./voice-open.js";
import * as survey from "./voice-survey.js";

let part, body, told = null;
const query = { search: "", engine: "", language: "", gender: "", kind: "", tag: "", emotion: "", favourite: false, measures: {}, sort: "newest", page: 1 };
const filters = ["engine", "language", "gender", "kind", "tag", "emotion"];

export function mount(given) {
  part = given;
  body = part.element.querySelector(".part-voices");
  fill(body, html`
    <div class="page-head"><h1>${t("nav.voices")}</h1>
      <button type="button" class="button" data-act="styles" id="voice-styles">${t("styles.title")}</button>
      <button type="button" class="button" data-act="blend" id="voice-blend">${t("blend.title")}</button>
      <button type="button" class="button" data-act="seed" id="voice-add">${sign("add")}${t("voices.fromseed")}</button>
      <button type="button" class="button" data-act="change" id="voice-change">${sign("voices")}${t("change.open")}</button>
      <button type="button" class="button" data-act="clone" id="voice-clone">${sign("mic")}${t("clone.open")}</button>
      <button type="button" class="button primary" data-act="draw" id="voice-draw">${sign("dice")}${t("voices.draw")}</button></div>
    <div class="filters"><label class="search-field">${sign("search")}<input type="search" id="voice-search" placeholder="${t("voices.search")}" aria-label="${t("voices.search")}"></label>
      <span id="voice-filters" class="row"></span></div>
    <div id="change"></div><div id="blend"></div><div id="styles"></div><div id="drawn"></div><div id="tray"></div><div id="survey"></div>
    <div id="voice-wall"></div>`);
  acts(body.querySelector(".page-head"), { clone: () => cloning.open(), change: () => changes.open(), seed: addSeed, draw: draws.draw, blend: () => blend.open(), styles: styles.open });
  acts(body.querySelector("#voice-wall"), { rights: (button) => cloning.rights(of(button)), like: (button) => survey.like(of(button)), open: (button) => opened.open(of(button).id), tray: (button) => tray.toggle(of(button)), hear: (button) => opened.hear(of(button)), mood, use, edit, favourite, rate, drop, turn, fewer: clear });
  survey.mount(part, body.querySelector("#survey"), query, () => show(1));
  opened.mount(part);
  styles.mount(part, body.querySelector("#styles"));
  tray.mount(part, body.querySelector("#tray"), paintTray);
  changes.mount(part, body.querySelector("#change"));
  blend.mount(part, body.querySelector("#blend"), draws.show);
  draws.mount(part, body.querySelector("#drawn"), (engine, voices) => blend.open(engine, voices, "breed"));
  hear("openstyles", styles.open);
  body.querySelector("#voice-search").addEventListener("input", later(200, (event) => { query.search = event.target.value; show(1); }));
  body.querySelector("#voice-filters").addEventListener("change", ({ target }) => {
    query[target.name] = target.type === "checkbox" ? target.checked : target.value;
    show(1);
  });
  body.addEventListener("keydown", keys);
  exchange.mount(part, body, { query: () => query, total: () => told?.total ?? 0, reload: () => show() });
  hear("page", (page) => { if (page === "voices") show(); });
  hear("voices", () => { if (here() === "voices") show(); });
  if (here() === "voices") show();
}

/** Space hears the chosen card, Enter opens it, arrows go to the next one. */
function keys(event) {
  const card = event.target.closest(".voice-card");
  if (!card || event.target !== card) return;
  const cards = [...body.querySelectorAll(".voice-card")], at = cards.indexOf(card);
  const wide = cards.filter((one) => one.offsetTop === cards[0].offsetTop).length;
  const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: wide, ArrowUp: -wide }[event.key];
  if (step) cards[at + step]?.focus();
  else if (event.key === " ") card.querySelector("[data-act=hear]").click();
  else if (event.key === "Enter") card.querySelector("[data-act=open]").click();
  else return;
  event.preventDefault();
}

const inTurn = ordered();
async function show(page = query.page) {
  query.page = page;
  const answer = await inTurn(ask(part.server.find_voices, query));
  if (!answer) return;
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
  <div class="voice-top"><span class="glyph big">${raw(v.glyph)}</span><button type="button" class="voice-text voice-name" data-act="open" tabindex="-1" title="${t("open.title")}"><b>${v.name}</b><span class="soft">${v.facts}</span></button>
    ${iconButton("tray", "compare", t("tray.add"), `aria-pressed="${tray.has(v.id)}"`)}${iconButton("favourite", "heart", t("voice.favourite"), `aria-pressed="${v.favourite}"`)}</div>
  <div class="voice-tags">${v.tags.map((tag) => html`<span class="tag">${tag}</span>`)}${v.emotion ? html`<span class="tag mood-tag"><i class="mood mood-${v.emotion}"></i>${told.emotions[v.emotion] || v.emotion}</span>` : ""}${v.permitted !== false ? "" : html`<span class="tag no-consent">${t("clone.noconsent")}</span>`}</div>
  <div class="voice-acts">${iconButton("hear", "play", t("voice.hear"))}${stars(v)}<span class="stretch"></span>
    ${Object.keys(told.emotions).length ? iconButton("mood", "transcribe", t("voice.mood")) : ""}${iconButton("like", "similar", t("survey.like"))}${v.cloned ? iconButton("rights", "consent", t("clone.rights")) : ""}${iconButton("edit", "edit", t("voice.edit"))}${iconButton("drop", "trash", t("delete"))}
    <button type="button" class="quiet strong" data-act="use">${t("voice.use")}</button></div></article>`;

async function mood(button) {
  button.disabled = true;
  const heard = await ask(part.server.hear_emotion, { id: of(button).id });
  button.disabled = false;
  if (heard) show();
}
const of = (button) => told.voices.find((v) => v.id === button.closest("[data-id]").dataset.id);

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
function paintTray() {
  for (const one of body.querySelectorAll(".voice-card")) one.querySelector("[data-act=tray]").setAttribute("aria-pressed", tray.has(one.dataset.id));
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
  const before = await cloning.remove(voice); // asks what becomes of productions that use it
  if (!before) return;
  show();
  tell("voicechanged");
  notice(t("voice.deleted", { name: voice.name }), { act: t("undo"), run: async () => { await ask(part.server.restore_voice, { id: voice.id }); show(); } });
}
const turn = (button) => show(Number(button.dataset.to)).then(() => scrollTo(0, 0));

/* ---- new voices ---- */
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
