// The Speak page: marks at the caret, what will be said while one types, Generate and Stop, the result.
import { acts, ask, complain, dialog, fill, hear, html, later, notice, options, raw, remember, root, sign, span, t, tell } from "./dom.js";
import * as desk from "./desk.js";
import * as player from "./player.js";
import { bodyOf, show as showCall } from "./call.js";
import { go, here } from "./frame.js";
import { bar as markBar, put } from "./marks.js";
import { said } from "./said.js";

const parts = {};
const field = () => document.querySelector("#text textarea");
let now = null; // the performance that runs or was last: {id, …}
let running = false;

/** Each of the page's components reports here; when all are there, the page begins. */
export function mount(name, part) {
  parts[name] = part;
  if (Object.keys(parts).length === 4) begin();
}

async function begin() {
  const [told] = await Promise.all([desk.mount(parts.desk), there("#text textarea"), there("#generate"), there("#stop")]);
  if (!told) return;
  player.build(told.formats);
  tell("told", told);
  paintUnder(told);
  wire(told);
  const draft = remember.get("draft", "");
  if (draft && !field().value) write(draft);
  preview();
  document.documentElement.dataset.ready = "speak";
}

/** Resolves when Gradio has made the element: its components come in no order. */
async function there(selector) {
  while (!document.querySelector(selector)) await new Promise(requestAnimationFrame);
}

/** Puts `text` into Gradio's text box as if it had been typed. */
export function write(text) {
  const box = field();
  box.value = text;
  box.dispatchEvent(new Event("input", { bubbles: true }));
}

function paintUnder(told) {
  fill(parts.marks.element.querySelector(".part-marks"), html`<div class="text-foot">${markBar(told.marks)}<button type="button" class="quiet" id="refine" data-act="refine" title="${t("refine.help")}" hidden>${t("refine.button")}</button><span class="stretch"></span><span class="count soft" id="count" role="status"></span></div>`);
  fill(parts.switches.element.querySelector(".part-switches"), html`<div class="switches">
    <label class="check" title="${t("speak.stream.help")}"><input type="checkbox" id="stream" data-flag="stream">${t("speak.stream")}</label>
    <label class="check"><input type="checkbox" id="autoplay" data-flag="auto">${t("speak.auto")}</label>
    <span class="stretch"></span>
    <label class="inline-field"><span class="soft">${t("speak.polish")}</span><select id="polish">${options(told.polish.map((p) => [p.id, p.label]), desk.settings().polish)}</select></label></div>`);
  fill(parts.under.element.querySelector(".part-under"), html`
    <p class="failure-text" id="speak-failure" role="alert" hidden></p>
    <div id="result"></div>
    <div id="examples"></div>
    <details id="said" ${raw(remember.get("said", 1) ? "open" : "")}><summary><span id="said-title">${t("said.title")}</span><span class="soft" id="said-count"></span></summary><div id="said-body"></div></details>`);
  paintSwitches();
  paintRefine();
}
/** Only where the engine can refine, and the button says what it is doing. */
function paintRefine(working = false) {
  const button = document.getElementById("refine");
  button.hidden = !desk.engine().controls.some((c) => c.name === "refine");
  button.disabled = working;
  button.textContent = working ? t("refine.working") : t("refine.button");
}
function paintSwitches() {
  for (const box of document.querySelectorAll("#page-speak [data-flag]")) box.checked = desk.settings()[box.dataset.flag];
  const polish = document.getElementById("polish");
  polish.value = desk.settings().polish;
  polish.title = desk.studio().polish.find((p) => p.id === polish.value)?.help || "";
}

function wire(told) {
  const under = parts.under.element;
  acts(parts.marks.element, { mark: (button) => put(field(), told.marks.find((m) => m.name === button.dataset.mark)), refine });
  parts.switches.element.addEventListener("change", ({ target }) => {
    desk.set(target.id === "polish" ? { polish: target.value } : { [target.dataset.flag]: target.checked });
    paintSwitches();
  });
  acts(under, {
    example: (button) => { write(told.examples[Number(button.dataset.example)].text); field().focus(); },
    replay: () => now?.take && player.playTake(now.take),
    star: () => now?.take && tell("star", { digest: now.take.digest, starred: !now.take.starred }),
    recipe: () => now?.take && tell("recipe", now.take.digest),
    savevoice: saveVoice,
  });
  under.querySelector("#said").addEventListener("toggle", (event) => { remember.set("said", event.target.open ? 1 : 0); preview(); });
  under.addEventListener("change", (event) => {
    const step = event.target.closest("[data-step]");
    if (step) desk.set({ steps: { ...desk.settings().steps, [step.dataset.step]: step.type === "checkbox" ? step.checked : step.value } });
  });
  field().addEventListener("input", () => { remember.set("draft", field().value); count(); slowly(); });
  document.getElementById("generate").addEventListener("click", pressed, true);
  document.getElementById("stop").addEventListener("click", cut, true);
  document.addEventListener("keydown", keys);
  parts.under.watch("value", () => arrived(parts.under.props.value));
  hear("settings", () => { slowly(); paintRefine(); });
  hear("starred", ({ digest, starred }) => { if (now?.take?.digest === digest) { now.take.starred = starred; showResult(); } });
  hear("load", load);
  hear("call", () => showCall(bodyOf(field().value || told.examples[0].text, desk.settings(), desk.engine().controls)));
  hear("reset", paintSwitches);
  document.getElementById("stop").toggleAttribute("data-idle", true);
  document.getElementById("generate").title = t("speak.generate.help");
  document.getElementById("stop").title = t("speak.stop.help");
  count();
}

function keys(event) {
  if (here() !== "speak" || document.querySelector("dialog[open]")) return;
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); document.getElementById("generate").click(); }
  else if (event.key === "Escape" && running) document.getElementById("stop").click();
}

/* ---- while typing ---- */
const slowly = later(250, preview);
function count() {
  const n = [...field().value.replace(/\s/g, "")].length;
  document.getElementById("count").textContent = n ? t("speak.count", { n }) : "";
  document.getElementById("examples").hidden = n > 0;
  if (!n && !document.getElementById("examples").firstChild)
    fill(document.getElementById("examples"), html`<span class="soft">${t("speak.examples")}</span>${desk.studio().examples.map((e, i) => html`<button type="button" class="quiet example" data-act="example" data-example="${i}" id="example-${i}">${e.label}</button>`)}`);
}
let asked = 0;
async function preview() {
  const mine = ++asked, text = field().value;
  const plan = text.trim() ? await parts.under.server.plan_shown({ text, desk: desk.settings() }) : null;
  if (mine !== asked) return;
  said(plan, desk);
  if (plan?.ok) document.getElementById("count").textContent = t("speak.estimate", { n: plan.ok.characters, time: span(plan.ok.seconds) });
}

/* ---- Generate ---- */
function pressed() {
  performance.clearMarks();
  performance.mark("timbre-click");
  complain(document.getElementById("speak-failure"), "");
  player.quiet();
  now = { title: field().value.trim().slice(0, 60) };
  setRunning(true);
}

/** Stop. Before the server has answered there is nothing it could stop: then it is told as soon as it has. */
function cut() {
  player.cut();
  if (now) now.unwanted = true;
}

/** The server's answer to Generate: a performance to listen to, or why there is none. */
async function arrived(answer) {
  if (!answer) return;
  if (answer.error) return failed(now, answer.error.text);
  const unwanted = now?.unwanted, mine = (now = { ...answer.ok, take: null });
  setRunning(true);
  if (unwanted) {
    document.getElementById("stop").click();
    return finish(mine, false, false);
  }
  watchProgress(mine);
  const { stream, auto } = desk.settings();
  const told = { title: mine.title, facts: mine.facts };
  try {
    if (stream) await player.perform(root + mine.stream, told, { auto });
    await finish(mine, !stream && auto, stream);
  } catch (error) {
    failed(mine, error.message);
  }
}
async function finish(mine, play, streamed) {
  let take;
  do take = await ask(parts.under.server.take_made, { id: mine.id }, document.getElementById("speak-failure"));
  while (take?.waiting && now === mine);
  if (now !== mine) return;
  setRunning(false);
  if (!take) return;
  mine.take = take;
  streamed ? player.finished(take) : player.playTake(take, { auto: play });
  showResult();
  tell("takes");
}
function failed(mine, text) {
  if (now !== mine) return;
  setRunning(false);
  complain(document.getElementById("speak-failure"), text);
}

/** Shows what the model would add; it is spoken only when it was looked at and taken. */
async function refine() {
  const place = document.getElementById("speak-failure"), text = field().value;
  paintRefine(true);
  const begun = await ask(parts.under.server.refine_begin, { text, desk: desk.settings() }, place);
  let made = null;
  if (begun) do made = await ask(parts.under.server.refine_made, begun, place); while (made?.waiting);
  paintRefine();
  if (!made) return;
  const answer = await dialog(t("refine.title"), html`<p class="${made.ok ? "soft" : "problem-text"}">${made.ok ? t("refine.ok") : t("refine.changed")}</p>
    <p class="refine-diff">${made.changes.map(([kind, words]) => html`<span class="diff-${kind}">${words}</span> `)}</p>
    <textarea name="text" rows="8" aria-label="${t("refine.title")}">${made.text}</textarea>`, [["use", t("refine.use"), "primary"]]);
  if (answer.pressed !== "use") return;
  desk.set({ controls: { ...desk.settings().controls, refine: false } });
  write(answer.values.text);
}

function setRunning(on) {
  running = on;
  document.getElementById("stop").toggleAttribute("data-idle", !on);
  tell("running", { key: "speak", text: on ? t("running.speak", { name: now.title }) : "", page: "speak" });
  fill(document.getElementById("result"), on ? html`<div class="progress-line"><progress id="progress" max="1" value="0" aria-label="${t("speak.progress")}"></progress><span class="soft" id="progress-text">${t("speak.starting")}</span></div>` : "");
}
async function watchProgress(mine) {
  while (now === mine && running) {
    await new Promise((done) => setTimeout(done, 400));
    if (now !== mine || !running) return;
    const state = await parts.under.server.progress({ id: mine.id });
    const line = document.getElementById("progress");
    if (!state?.ok || !line) continue;
    line.value = state.ok.progress;
    document.getElementById("progress-text").textContent = state.ok.seconds_left ? t("speak.left", { time: span(state.ok.seconds_left) }) : t("speak.speaking");
  }
}

function showResult() {
  const take = now?.take;
  if (!take) return;
  fill(document.getElementById("result"), html`<div class="result" data-digest="${take.digest}">
    <button type="button" class="round small-round" data-act="replay" aria-label="${t("player.play")}" title="${t("player.play")}">${sign("play")}</button>
    <div class="result-text"><b>${take.title}</b><span class="soft">${take.facts}</span></div><span class="stretch"></span>
    <button type="button" class="quiet" data-act="star" id="save-take" aria-pressed="${take.starred}">${sign("star")}<span>${t("speak.savetake")}</span></button>
    <button type="button" class="quiet" data-act="savevoice" id="save-voice">${sign("voiceadd")}<span>${t("speak.savevoice")}</span></button>
    <button type="button" class="quiet" data-act="recipe" id="result-recipe">${sign("recipe")}<span>${t("player.recipe")}</span></button></div>`);
}

async function saveVoice() {
  const answer = await dialog(t("speak.savevoice"), html`<label class="field"><span>${t("name")}</span><input name="name" maxlength="80" required autofocus value="${desk.voiceName()}"></label>`, [["save", t("save"), "primary"]]);
  if (answer.pressed !== "save") return;
  const voice = await ask(parts.under.server.keep_voice, { name: answer.values.name.trim(), digest: now.take.digest });
  if (!voice) return;
  tell("voices");
  notice(t("voice.kept", { name: voice.name }), { act: t("voice.show"), run: () => go("voices") });
}

/** Puts a take's request back on the desk and into the text box. */
async function load(digest) {
  const request = await ask(parts.under.server.request_of, { digest });
  if (!request) return;
  await desk.load(request);
  write(request.text);
  paintSwitches();
  go("speak");
  field().focus();
}
