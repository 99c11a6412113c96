// The grid of candidates: voices drawn from seeds, blended, bred or compared, heard one after another, liked and kept.
import { acts, ask, dialog, fill, html, iconButton, make, notice, options, raw, sign, span, t, tell } from "./dom.js";
import * as desk from "./desk.js";
import * as player from "./player.js";
import { go } from "./frame.js";

let part, box, grid = null, at = 1, wanted = 0, inTurn = false;
const liked = new Set();
const form = { engine: "", count: 12, seeds: "", text: "", control: "", low: "", high: "", steps: 3, voice: "", name: "" };
const POLL_MS = 200;

/** `given` is the component of the page, `place` where the grid stands; `breed(voices)` opens the panel that breeds them. */
export function mount(given, place, breed) {
  part = given;
  box = place;
  acts(box, {
    go: () => begin(), drawseeds: draw, again, stop, closegrid: close, listen: (button) => hearAt(numberOf(button)), like: (button) => like(numberOf(button)),
    keep: (button) => keep(numberOf(button)), turn: playInTurn, copyseeds: () => copy(grid.seeds), recipe: showRecipe, paste: () => paste(),
    breed: () => breed(grid.engine, places().filter((p) => liked.has(p.number))),
  });
  box.addEventListener("change", ({ target }) => {
    if (!(target.name in form)) return;
    read();
    if (target.name === "engine") form.control = "";
    if (target.name === "control") span_();
    if (["engine", "control"].includes(target.name)) paintForm();
  });
  box.addEventListener("keydown", keys);
  player.whenOver(() => { if (inTurn && grid) at < grid.places.length ? move(at + 1) : (inTurn = false); });
}

const drawable = () => desk.studio().engines.filter((e) => e.ready && e.kinds.includes("seed"));
const engine = () => desk.studio().engines.find((e) => e.id === form.engine);
const numeric = () => engine().controls.filter((c) => ["number", "integer"].includes(c.kind));
/** The sweep begins with the whole range of its control. */
function span_() {
  const control = numeric().find((c) => c.name === form.control);
  Object.assign(form, control ? { low: control.low, high: control.high } : { low: "", high: "" });
}

/** One voice through the values of a control. */
export async function sweep(voice) {
  Object.assign(form, { engine: voice.engine, voice: voice.id, name: voice.name });
  form.control = numeric().find((c) => c.name === "temperature")?.name || numeric()[0]?.name || "";
  span_();
  await begin(false);
}
/** Opens the panel and draws at once: nothing has to be set. */
export async function draw() {
  if (form.voice) Object.assign(form, { voice: "", engine: "", control: "" });
  form.engine ||= drawable().find((e) => e.id === desk.settings().engine)?.id || drawable()[0]?.id || "";
  await begin(false);
}
/** What stands in the form is begun; `typed`: it was changed by hand since. */
async function begin(typed = true) {
  if (typed) read();
  const sweep = form.control ? { control: form.control, low: Number(form.low), high: Number(form.high), steps: Number(form.steps) } : null;
  show(await ask(part.server.draw_begin, { engine: form.engine, count: Number(form.count), seeds: form.voice ? "" : form.seeds, text: form.text, voice: form.voice, sweep }, failure()));
}
/** What stands in the form, also where nothing left its field yet. */
function read() {
  for (const field of box.querySelectorAll(".draw-form [name]")) form[field.name] = field.value;
}
const failure = () => box.querySelector("#draw-failure");

/** Shows a grid that the server began, and watches it. With `play`, its first candidate is heard as soon as it is there,
 * and the hand stays where it is. */
export function show(begun, { more = "", play = false } = {}) {
  if (!begun) return;
  if (grid && running()) part.server.draw_stop({ id: grid.id });
  grid = begun;
  liked.clear();
  at = 1;
  wanted = play ? 1 : 0;
  inTurn = false;
  paint(more);
  watch(grid.id);
  if (play) return places()[0].take && hearAt(1, false);
  cell(1).focus({ preventScroll: true });
  box.scrollIntoView({ block: "nearest" });
}
const running = () => ["waiting", "running"].includes(grid.state);
const compared = () => ["voices", "styles"].includes(grid.kind); // nothing new is among them
const wide = () => (compared() ? places().length : grid.columns);
const places = () => grid.places;
const cell = (number) => box.querySelector(`[data-number="${number}"]`);
const numberOf = (element) => Number(element.closest("[data-number]").dataset.number);

async function watch(id) {
  while (grid?.id === id) {
    const seen = await ask(part.server.draw_seen, { id });
    if (!seen || grid?.id !== id) return;
    const { places: made, ...state } = seen;
    Object.assign(grid, state);
    for (const one of made) take(one);
    paintState();
    if (!running()) return;
    await new Promise((done) => setTimeout(done, POLL_MS));
  }
}
function take(made) {
  const place = places()[made.number - 1], before = [place.take?.digest, place.error, place.kept].join();
  Object.assign(place, made);
  if (before === [place.take?.digest, place.error, place.kept].join()) return;
  repaint(made.number);
  if (wanted === made.number && place.take) hearAt(made.number, box.contains(document.activeElement));
}

/* ---- drawing it ---- */
function paint(more) {
  const drawn = grid.kind === "draw";
  fill(box, html`<section class="drawn card" aria-label="${t("draw.title." + grid.kind)}">
    <div class="row"><h2>${t("draw.title." + grid.kind)}</h2><span class="soft small" id="draw-state" role="status"></span><span class="stretch"></span>
      <button type="button" class="quiet" data-act="turn" id="draw-turn">${sign("play")}${t("draw.turn")}</button>
      ${grid.again ? html`<button type="button" class="button" data-act="again" id="draw-again">${sign("dice")}<span></span></button>` : ""}
      ${iconButton("closegrid", "close", t("close"))}</div>
    ${drawn ? html`<div class="draw-form"></div>` : ""}
    <p class="failure-text" id="draw-failure" role="alert" hidden></p>
    <div class="progress-line" id="draw-progress"><progress max="1" aria-label="${t("draw.progress")}"></progress><span class="soft" id="draw-left"></span><button type="button" class="quiet" data-act="stop" id="draw-stop">${t("stop")}</button></div>
    <div class="drawn-grid" ${raw(wide() > 1 ? `style="grid-template-columns: repeat(${wide()}, minmax(280px, 1fr))"` : "")}>${places().map(place)}</div>
    ${more}
    <div class="row draw-foot"><span class="soft small">${compared() ? t("draw.keys.hear") : t("draw.keys")}</span><span class="stretch"></span>
      ${grid.seeds ? html`<button type="button" class="quiet" data-act="copyseeds" id="draw-copy" title="${grid.seeds}">${t("draw.copy")}</button>` : ""}
      <button type="button" class="quiet" data-act="recipe" id="draw-recipe">${sign("recipe")}${t("player.recipe")}</button>
      <button type="button" class="quiet strong" data-act="breed" id="draw-breed" hidden></button></div></section>`);
  if (drawn) paintForm();
  paintState();
  paintLiked();
}
function paintForm() {
  const control = numeric().find((c) => c.name === form.control);
  fill(box.querySelector(".draw-form"), html`
    ${form.voice ? html`<div class="field"><span>${t("draw.voice")}</span><span class="row tray-voice">${form.name}${iconButton("drawseeds", "close", t("draw.voice.drop"))}</span></div>` : html`
    <label class="field"><span>${t("desk.engine")}</span><select name="engine">${options(drawable().map((e) => [e.id, e.title]), form.engine)}</select></label>
    <label class="field narrow"><span>${t("draw.count")}</span><input name="count" type="number" min="1" max="24" value="${form.count}"></label>
    <label class="field"><span>${t("draw.seeds")}</span><input name="seeds" inputmode="numeric" autocomplete="off" placeholder="${t("draw.seeds.random")}" value="${form.seeds}"></label>`}
    <label class="field wide"><span>${t("draw.text")}</span><input name="text" maxlength="1000" placeholder="${t("voice.preview")}" value="${form.text}"></label>
    <label class="field"><span>${t("draw.sweep")}</span><select name="control">${options([["", t("draw.sweep.none")], ...numeric().map((c) => [c.name, c.label])], form.control)}</select></label>
    ${control ? html`<div class="field sweep"><span>${t("draw.sweep.span")}</span><span class="row"><input name="low" type="number" step="any" min="${control.low}" max="${control.high}" value="${form.low}" aria-label="${t("draw.sweep.low")}">
      <span class="soft">–</span><input name="high" type="number" step="any" min="${control.low}" max="${control.high}" value="${form.high}" aria-label="${t("draw.sweep.high")}">
      <span class="soft">×</span><input name="steps" type="number" min="2" max="12" value="${form.steps}" aria-label="${t("draw.sweep.steps")}"></span></div>` : ""}
    <button type="button" class="quiet" data-act="paste" id="draw-paste">${sign("recipe")}${t("draw.paste")}</button><button type="button" class="button" data-act="go" id="draw-go">${sign("dice")}${t("draw.go")}</button>`);
}
const place = (p) => html`<div class="drawn-voice ${liked.has(p.number) ? "liked" : ""}" tabindex="${p.number === at ? 0 : -1}" data-number="${p.number}" role="group" aria-label="${p.number}. ${p.name} ${p.setting}">
  <span class="soft digit">${p.number}</span><span class="glyph big">${raw(p.glyph)}</span>
  <span class="voice-text"><b>${p.name}</b><span class="${p.error ? "failure-text" : "soft"}" title="${p.error || told(p)}">${p.error || told(p)}</span></span>
  <span class="drawn-acts">${iconButton("listen", "play", t("voice.hear"), p.take ? "" : "disabled")}
  ${compared() ? "" : iconButton("like", "heart", t("draw.like"), `aria-pressed="${liked.has(p.number)}"`)}
  ${p.kept ? html`<span class="kept">${sign("check")}${t("voice.iskept")}</span>` : compared() ? "" : html`<button type="button" class="quiet strong" data-act="keep">${t("voice.keep")}</button>`}</span></div>`;
/** Its setting, how much of each parent it has (their names stand above), how long it speaks. */
const told = (p) => [p.setting, p.parents.length > 1 && grid.kind !== "between" ? p.parents.map(([, share]) => Math.round(share * 100) + "%").join(" + ") : "", p.take ? span(p.take.seconds) : running() ? t("draw.waiting") : ""].filter(Boolean).join(" · ");

function repaint(number) {
  const old = cell(number), focused = old.contains(document.activeElement);
  const fresh = make(place(places()[number - 1]));
  if (old.hasAttribute("aria-current")) fresh.setAttribute("aria-current", "true");
  old.replaceWith(fresh);
  if (focused) fresh.focus({ preventScroll: true });
}
function paintState() {
  const line = box.querySelector("#draw-progress"), done = places().filter((p) => p.take).length;
  line.hidden = !running();
  line.querySelector("progress").value = grid.progress;
  box.querySelector("#draw-left").textContent = grid.seconds_left ? t("draw.left", { time: span(grid.seconds_left) }) : "";
  const many = { done, all: places().length };
  box.querySelector("#draw-state").textContent = running() ? t("draw.some", many) : t("draw.all", many);
  const wrong = failure();
  wrong.hidden = !grid.error;
  wrong.textContent = grid.error;
  if (!running()) for (const one of places()) if (!one.take && !one.error) repaint(one.number);
}
function paintLiked() {
  const again = box.querySelector("#draw-again span"), breed = box.querySelector("#draw-breed");
  if (again) again.textContent = liked.size ? t("draw.again.liked", { n: liked.size }) : t("voices.again");
  breed.hidden = liked.size < 2;
  breed.textContent = t("draw.breed", { n: liked.size });
}

/* ---- listening ---- */
function hearAt(number, focus = true) {
  const p = places()[number - 1];
  select(number, focus);
  wanted = p.take ? 0 : number; // as soon as it is there
  if (!p.take) return;
  if (player.current() === p.take.digest && cell(number).hasAttribute("aria-current")) player.toggle();
  else player.playTake({ ...p.take, title: [p.name, p.setting].filter(Boolean).join(" · ") });
  for (const one of box.querySelectorAll("[aria-current]")) one.removeAttribute("aria-current");
  cell(number).setAttribute("aria-current", "true");
}
function select(number, focus = true) {
  const before = cell(at);
  if (before) before.tabIndex = -1;
  at = number;
  cell(at).tabIndex = 0;
  if (focus && !cell(at).contains(document.activeElement)) cell(at).focus();
}
/** To another candidate, which is heard at once. */
function move(number) {
  const one = places()[number - 1];
  if (!one) return;
  if (player.current() === one.take?.digest) { select(number); player.playTake({ ...one.take, title: one.name }); }
  else hearAt(number);
}
function playInTurn() {
  inTurn = !inTurn;
  inTurn ? move(at) : player.quiet();
}

/** The candidate above or below on the screen. */
function beside(step) {
  const here = cell(at).getBoundingClientRect();
  const rows = [...box.querySelectorAll("[data-number]")].map((one) => ({ one, at: one.getBoundingClientRect() }));
  const others = rows.filter((r) => (step > 0 ? r.at.top > here.top + 4 : r.at.top < here.top - 4));
  const near = (r) => Math.abs(r.at.top - here.top) * 4 + Math.abs(r.at.left - here.left);
  return others.length ? numberOf(others.sort((a, b) => near(a) - near(b))[0].one) : at;
}
function keys(event) {
  const inside = event.target.closest("[data-number]");
  if (!inside || event.ctrlKey || event.metaKey || event.altKey) return;
  const pressed = event.target.closest("button") && [" ", "Enter"].includes(event.key);
  const step = { ArrowRight: () => at + 1, ArrowLeft: () => at - 1, ArrowDown: () => beside(1), ArrowUp: () => beside(-1) }[event.key];
  if (pressed) return; // a button does what it says
  if (step) { const to = step(); if (to !== at) move(to); }
  else if (/^[0-9]$/.test(event.key)) move(Number(event.key) || 10);
  else if (event.key === " ") hearAt(at);
  else if (event.key === "l" || event.key === "L") like(at);
  else if (event.key === "k" || event.key === "K" || event.key === "Enter") keep(at);
  else return;
  event.preventDefault();
}

/* ---- choosing ---- */
function like(number) {
  if (compared()) return;
  liked.has(number) ? liked.delete(number) : liked.add(number);
  repaint(number);
  paintLiked();
}
async function again() {
  show(await ask(part.server.draw_again, { id: grid.id, liked: [...liked].sort((a, b) => a - b) }, failure()));
}
async function keep(number) {
  const p = places()[number - 1];
  if (p.kept || compared()) return;
  const name = await askName(t("voice.keep"));
  if (!name) return;
  const voice = await ask(part.server.draw_keep, { id: grid.id, number, name, favourite: liked.has(number) });
  if (!voice) return;
  p.kept = voice.id;
  repaint(number);
  cell(number).focus();
  notice(t("voice.kept", { name: voice.name }), { act: t("voice.use"), run: async () => { await desk.useVoice(voice.id, voice.engine); go("speak"); }, stay: 12000 });
  tell("voices");
}
/** Asks for a name; Enter saves it. */
async function askName(title, value = "") {
  const asked = dialog(title, html`<label class="field"><span>${t("name")}</span><input name="name" maxlength="80" required autofocus value="${value}"></label>`, [["save", t("save"), "primary"]]);
  const sheet = document.querySelector("dialog[open]:last-of-type");
  sheet.querySelector("input").addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.isComposing) { event.preventDefault(); sheet.querySelector("button[value=save]").click(); }
  });
  const { pressed, values } = await asked;
  return pressed === "save" ? values.name.trim() : "";
}
const stop = () => ask(part.server.draw_stop, { id: grid.id });
function close() {
  if (grid && running()) stop();
  grid = null;
  inTurn = false;
  fill(box, "");
}
async function copy(text) {
  try { await navigator.clipboard.writeText(text); notice(t("draw.copied")); } catch { showRecipe(); }
}
/** What gives the same grid again, to be copied. */
async function showRecipe() {
  const recipe = grid.recipe;
  const answer = await dialog(t("player.recipe"), html`<p class="soft small">${t("draw.recipe.help")}</p><textarea rows="14" readonly class="code" id="draw-recipe-text" aria-label="${t("player.recipe")}">${recipe}</textarea>`, [["copy", t("draw.recipe.copy"), ""], ["ok", t("close"), "primary"]]);
  if (answer.pressed === "copy") copy(recipe);
}
/** A draw from a recipe that somebody copied; what is wrong with it stands in the box, and the text stays. */
async function paste(text = "", wrong = "") {
  const answer = await dialog(t("draw.paste"), html`<p class="soft small">${t("draw.paste.help")}</p><p class="failure-text" id="draw-paste-failure" role="alert" ${raw(wrong ? "" : "hidden")}>${wrong}</p>
    <textarea name="recipe" rows="12" class="code" id="draw-paste-text" maxlength="200000" required autofocus aria-label="${t("draw.paste")}">${text}</textarea>`, [["draw", t("draw.go"), "primary"]]);
  if (answer.pressed !== "draw") return;
  const place = make(html`<p></p>`), begun = await ask(part.server.draw_recipe, { recipe: answer.values.recipe }, place);
  begun ? show(begun) : paste(answer.values.recipe, place.textContent);
}
