// Every engine: what it is for, whether it is ready, its weights with one button each, its licences in plain words.
import { acts, ask, dialog, fill, hear, html, ordered, span, t, tell } from "./dom.js";
import { here } from "./frame.js";
import { facts } from "./recipe.js";
import { tuning, wire } from "./tuning.js";

let part, body, shown = [], due;
export function mount(given) {
  part = given;
  body = part.element.querySelector(".part-models");
  fill(body, html`<div class="page-head"><h1>${t("nav.models")}</h1></div><div id="model-list"></div>`);
  acts(body, { install, verify: act("verify"), remove: act("remove"), stop: act("stop_model"), ...wire(body, part, show) });
  hear("page", (page) => { if (page === "models") show(); });
  if (here() === "models") show();
}
const inTurn = ordered();
async function show() {
  clearTimeout(due);
  const models = await inTurn(ask(part.server.models_shown));
  if (!models) return;
  shown = models;
  fill(body.querySelector("#model-list"), html`${models.map((m) => html`<article class="model" data-engine="${m.id}">
    <div class="model-head"><b>${m.title}</b><span class="state state-${m.state}">${m.word}</span></div>
    <p>${m.about}</p>${m.note && !m.weights.some(fetchable) ? html`<p class="problem-text">${m.note}</p>` : ""}${m.command ? html`<p><code>${m.command}</code></p>` : ""}
    ${m.weights.map(weights)}${tuning(m)}${facts(m.facts)}</article>`)}`);
  const running = models.some((m) => m.weights.some((w) => w.running));
  if (running && here() === "models") due = setTimeout(show, 700);
  if (!running) tell("models", Object.fromEntries(models.map((m) => [m.id, m.state])));
}
/** A button brings it: then nobody has to be told a command. */
const fetchable = (w) => w.source === "missing";
const weights = (w) => html`<div class="weights" data-model="${w.id}">
  <p><b>${t("model.weightsof")}</b> ${w.word} · ${t("model.about", { size: w.size })} · ${w.licence}</p>
  ${w.running ? html`<div class="progress-line"><progress max="1" value="${w.progress}" aria-label="${t("model.progress")}"></progress><span class="soft">${Math.floor(w.progress * 100)} %${w.seconds_left ? " · " + t("speak.left", { time: span(w.seconds_left) }) : ""}</span></div>` : ""}
  ${w.problem ? html`<p class="failure-text" role="alert">${w.problem}</p>` : w.checked ? html`<p class="soft" role="status">${t("model.checked")}</p>` : ""}
  <p>${w.running ? html`<button type="button" class="button" data-act="stop">${t("stop")}</button>`
    : fetchable(w) ? html`<button type="button" class="button primary" data-act="install">${t("model.install")}</button>`
    : html`<button type="button" class="button" data-act="verify">${t("model.verify")}</button>${w.source === "installed" ? html` <button type="button" class="button" data-act="remove">${t("model.remove")}</button>` : ""}`}</p></div>`;
const of = (button) => button.closest("[data-model]").dataset.model;
const act = (name) => async (button) => { await ask(part.server[name], { id: of(button) }); show(); };

/** The licence is shown before anything is fetched. */
async function install(button) {
  const id = of(button), w = shown.flatMap((m) => m.weights).find((one) => one.id === id);
  const answer = await dialog(t("model.install"), html`<p>${w.title} · ${t("model.about", { size: w.size })}</p><p>${w.licence}</p><p class="soft">${t("model.from", { place: w.homepage })}</p>`, [["accept", t("model.accept"), "primary"]]);
  if (answer.pressed !== "accept") return;
  await ask(part.server.install, { id, accepted: true });
  show();
}
