// Voices made of voices: mixed by weight, between two, around one, bred by rating; heard in the grid before they are kept.
import { acts, ask, complain, fill, html, iconButton, options, raw, sign, t } from "./dom.js";
import * as desk from "./desk.js";
import { pick } from "./picker.js";

let part, box, show, engine = "", mode = "mix", slots = [], chosen = false; // by hand
const set = { share: 50, strength: 0.3, count: 12, chance: 0 };
const MOST = { mix: 8, between: 2, mutate: 1, breed: 24 }, LEAST = { mix: 2, between: 2, mutate: 1, breed: 2 };

/** `shown(begun, how)` puts what was begun into the grid. */
export function mount(given, place, shown) {
  [part, box, show] = [given, place, shown];
  acts(box, { mode: async (button) => { mode = button.dataset.mode; await fit(); paint(); }, pick: choose, add, drop, heart: hearChildren, walk, dice, closeblend: () => fill(box, "") });
  box.addEventListener("input", ({ target }) => moved(target));
  box.addEventListener("change", async ({ target }) => {
    if (target.name === "engine") { engine = target.value; slots = []; chosen = false; await fit(); paint(); }
    else if (target.type === "range" && ["mix", "between"].includes(mode)) hearChildren();
  });
}

/** Opens the panel, with `voices` (`{ref, name, glyph, rating}`) of an engine where some are chosen already. */
export async function open(given = "", voices = [], how = mode) {
  engine = given || engine || vectors().find((e) => e.id === desk.settings().engine)?.id || vectors()[0]?.id || "";
  mode = how;
  chosen ||= voices.length > 0;
  if (voices.length) slots = voices.map((v) => ({ ref: v.ref, name: v.name, glyph: v.glyph, weight: 50, rating: v.rating || 3 }));
  await fit();
  paint();
  box.scrollIntoView({ block: "nearest" });
}
const ready = () => desk.studio().engines.filter((e) => e.ready);
const vectors = () => ready().filter((e) => e.kinds.includes("embedding"));

/** As many voices as the way of making takes: those that are rated for breeding, the library's, the engine's own. */
async function fit() {
  slots = slots.slice(0, MOST[mode]);
  if (slots.length >= LEAST[mode] && (chosen || mode !== "breed")) return;
  const groups = (await ask(part.server.voices_offered, { engine, search: "" })) || [];
  const rated = groups.flatMap((g) => g.voices).filter((v) => v.rating).sort((a, b) => b.rating - a.rating).slice(0, 8);
  if (mode === "breed" && !chosen && rated.length > 1) slots = rated.map((v) => ({ ref: v.ref, name: v.name, glyph: v.glyph, weight: 50, rating: v.rating }));
  const known = new Set(slots.map((s) => s.ref));
  for (const voice of groups.flatMap((g) => g.voices)) {
    if (slots.length >= LEAST[mode]) break;
    if (!known.has(voice.ref)) slots.push({ ref: voice.ref, name: voice.name, glyph: voice.glyph, weight: 50, rating: voice.rating || 3 });
  }
}

function paint() {
  fill(box, html`<section class="card blend" aria-label="${t("blend.title")}">
    <div class="row"><h2>${t("blend.title")}</h2><span class="tabs" role="group" aria-label="${t("blend.title")}">${Object.keys(MOST).map((m) => html`<button type="button" class="quiet" data-act="mode" data-mode="${m}" aria-pressed="${m === mode}">${t("blend.mode." + m)}</button>`)}</span>
      <span class="stretch"></span>${iconButton("closeblend", "close", t("close"))}</div>
    <p class="soft small">${t("blend.help." + mode)}</p>
    <label class="field narrow"><span>${t("desk.engine")}</span><select name="engine">${options(ready().map((e) => [e.id, e.title]), engine)}</select></label>
    <div class="blend-slots">${slots.map(slot)}</div>
    ${slots.length < MOST[mode] ? html`<button type="button" class="quiet strong" data-act="add" id="blend-add">${sign("add")}${t("blend.add")}</button>` : ""}
    ${mode === "between" ? html`<label class="field"><span>${t("blend.share")}</span><input type="range" name="share" id="blend-share" min="0" max="100" value="${set.share}"><output class="soft small">${shares()}</output></label>` : ""}
    ${["mutate", "breed"].includes(mode) ? html`<div class="draw-form">
      <label class="field"><span>${t("blend.strength")}</span><input type="range" name="strength" id="blend-strength" min="0.05" max="1.5" step="0.05" value="${set.strength}"><output class="soft small">${t("blend.strength.help", { n: set.strength })}</output></label>
      <label class="field narrow"><span>${t("draw.count")}</span><input type="number" name="count" min="1" max="24" value="${set.count}"></label>
      <div class="seed-row"><label class="field narrow"><span>${t("blend.chance")}</span><input name="chance" inputmode="numeric" value="${set.chance}"></label>${iconButton("dice", "dice", t("desk.dice"))}</div></div>` : ""}
    <p class="failure-text" id="blend-failure" role="alert" hidden></p>
    <div class="row"><button type="button" class="button" data-act="heart" id="blend-hear">${sign("play")}${t("blend.hear." + (["mix", "between"].includes(mode) ? "one" : "many"))}</button>
      ${mode === "between" ? html`<button type="button" class="button" data-act="walk" id="blend-walk">${t("blend.walk")}</button>` : ""}</div></section>`);
}
const slot = (s, n) => html`<div class="blend-slot" data-slot="${n}"><div class="field"><button type="button" class="voice-button" data-act="pick" aria-haspopup="dialog"><span class="glyph">${raw(s.glyph)}</span><span class="voice-text"><b>${s.name}</b></span>${sign("down")}</button></div>
  ${mode === "mix" ? html`<label class="field"><span class="hidden-label">${t("blend.weight", { name: s.name })}</span><input type="range" name="weight" min="0" max="100" value="${s.weight}"><output class="soft small">${portion(s)}</output></label>` : ""}
  ${mode === "breed" ? html`<label class="field"><span class="hidden-label">${t("blend.rating", { name: s.name })}</span><input type="range" name="rating" min="1" max="5" step="1" value="${s.rating}"><output class="soft small">${t("voice.rate", { n: s.rating })}</output></label>` : ""}
  ${slots.length > LEAST[mode] ? iconButton("drop", "close", t("blend.drop", { name: s.name })) : ""}</div>`;

const whole = () => slots.reduce((sum, s) => sum + Number(s.weight), 0);
const portion = (s) => (whole() ? Math.round((100 * s.weight) / whole()) + " %" : "0 %");
const shares = () => `${slots[0]?.name} ${100 - set.share} % · ${slots[1]?.name} ${set.share} %`;

function moved(field) {
  const at = field.closest("[data-slot]")?.dataset.slot, value = field.type === "range" ? Number(field.value) : field.value;
  if (at !== undefined) slots[at][field.name] = value; else if (field.name in set) set[field.name] = value;
  for (const row of box.querySelectorAll("[data-slot]")) {
    const one = slots[row.dataset.slot], output = row.querySelector("output");
    if (output) output.textContent = mode === "mix" ? portion(one) : t("voice.rate", { n: one.rating });
  }
  if (field.name === "share") box.querySelector("#blend-share + output").textContent = shares();
  if (field.name === "strength") box.querySelector("#blend-strength + output").textContent = t("blend.strength.help", { n: set.strength });
}

function choose(button) {
  const at = Number(button.closest("[data-slot]").dataset.slot);
  offer(button, slots[at].ref, (voice) => Object.assign(slots[at], voice));
}
const add = (button) => offer(button, "", (voice) => slots.push({ weight: 50, ...voice }));
/** The list of voices below a button; the chosen one is put where `use` says. */
function offer(button, now, use) {
  let offered = [];
  const find = async (search) => { const groups = await ask(part.server.voices_offered, { engine, search }); offered = (groups || []).flatMap((g) => g.voices); return groups; };
  pick(button, find, now, (ref) => {
    if (ref !== now && slots.some((s) => s.ref === ref)) return complain(box.querySelector("#blend-failure"), t("blend.twice"));
    const { name, glyph, rating } = offered.find((v) => v.ref === ref);
    chosen = true;
    use({ ref, name, glyph, rating: rating || 3 });
    paint();
  });
}
function drop(button) {
  slots.splice(Number(button.closest("[data-slot]").dataset.slot), 1);
  paint();
}
function dice() {
  set.chance = Math.floor(Math.random() * 1e6);
  box.querySelector("[name=chance]").value = set.chance;
}

let turns = 0;
async function begin(asked, how) {
  const mine = ++turns, begun = await ask(part.server.evolve_begin, { engine, ...asked }, box.querySelector("#blend-failure"));
  if (mine === turns) show(begun, how);
  else if (begun) part.server.draw_stop({ id: begun.id }); // another was begun meanwhile
}
function hearChildren() {
  const weights = (field) => Object.fromEntries(slots.map((s) => [s.ref, Number(s[field])]));
  if (mode === "mix") return begin({ family: "mix", voices: weights("weight") }, { play: true });
  if (mode === "between") return begin({ family: "mix", voices: { [slots[0].ref]: 100 - set.share, [slots[1].ref]: set.share } }, { play: true });
  return begin({ family: mode, voices: weights("rating"), strength: Number(set.strength), count: Number(set.count), chance: Number(set.chance) });
}
const walk = () => begin({ family: "between", voices: Object.fromEntries(slots.map((s) => [s.ref, 1])), steps: 7 });
