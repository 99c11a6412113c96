// The house itself: where things are kept and how much they take, what starts by default, language, the doctor's checks.
import { acts, ask, day, dialog, fill, hear, html, language, notice, options, ordered, raw, sign, size, t, tell } from "./dom.js";
import * as bin from "./bin.js";
import * as desk from "./desk.js";
import { here, speakTo } from "./frame.js";
import { facts } from "./recipe.js";

let part, body;
export function mount(given) {
  part = given;
  body = part.element.querySelector(".part-settings");
  fill(body, html`<div class="page-head"><h1>${t("nav.settings")}</h1></div>
    <h2>${t("settings.look")}</h2>
    <div class="pair narrow"><label class="field"><span>${t("settings.language")}</span><select id="settings-language" ${raw(window.TIMBRE.forced ? "disabled" : "")}>${options([["zh", "中文"], ["en", "English"]], language)}</select></label>
      <label class="field"><span>${t("settings.theme")}</span><select id="settings-theme"></select></label></div>
    <h2>${t("settings.defaults")}</h2><p class="soft small">${t("settings.defaults.help")}</p>
    <button type="button" class="button" data-act="defaults" id="desk-reset">${t("settings.defaults.reset")}</button>
    <h2>${t("settings.folder")}</h2><div id="settings-folder"></div>
    ${bin.section()}
    <h2>${t("settings.api")}</h2><p class="soft small">${t("settings.api.help", { address: location.origin + window.TIMBRE.root + "/v1" })}</p><div id="api-keys"></div>
    <button type="button" class="button" data-act="newkey" id="key-new">${sign("add")}${t("settings.api.new")}</button>
    <h2>${t("settings.doctor")}</h2><div id="settings-doctor"><button type="button" class="button" data-act="doctor" id="doctor-run">${t("settings.doctor.run")}</button></div>
    <h2>${t("settings.keys")}</h2><div id="settings-keys">${facts([["Ctrl + Enter", t("keys.generate")], ["Esc", t("keys.stop")], ["Space", t("keys.hear")], ["← →", t("keys.seek")]])}</div>
    <p class="soft small" id="settings-version"></p>`);
  acts(body, { doctor, clean, limit, defaults, newkey, revoke, ...bin.act });
  body.querySelector("#settings-language").addEventListener("change", ({ target }) => speakTo(target.value));
  body.querySelector("#settings-theme").addEventListener("change", ({ target }) => {
    localStorage.setItem("timbre-theme", target.value);
    window.TIMBRE.paint();
    tell("theme");
  });
  hear("theme", themes);
  hear("page", (page) => { if (page === "settings") show(); });
  themes();
  if (here() === "settings") show();
}
function themes() {
  fill(body.querySelector("#settings-theme"), html`${options(["auto", "light", "dark"].map((name) => [name, t("theme." + name)]), localStorage.getItem("timbre-theme") || "auto")}`);
}
const keysInTurn = ordered();
async function showKeys() {
  const keys = await keysInTurn(ask(part.server.api_keys));
  if (keys) fill(body.querySelector("#api-keys"), html`${keys.map((key) => html`<div class="row api-key" data-key="${key.id}"><b>${key.name}</b><span class="soft small">${day(key.created)}${key.used ? " · " + t("settings.api.used", { time: day(key.used) }) : ""}</span><span class="stretch"></span>
    <button type="button" class="quiet" data-act="revoke">${t("settings.api.revoke")}</button></div>`)}`);
}
async function newkey() {
  const answer = await dialog(t("settings.api.new"), html`<label class="field"><span>${t("name")}</span><input name="name" maxlength="100" required autofocus></label>`, [["make", t("settings.api.make"), "primary"]]);
  if (answer.pressed !== "make") return;
  const made = await ask(part.server.add_key, { name: answer.values.name });
  if (!made) return;
  showKeys();
  await dialog(t("settings.api.secret"), html`<p>${t("settings.api.once")}</p><pre class="recipe-json" id="key-secret" tabindex="0" aria-label="${t("settings.api.secret")}">${made.secret}</pre>`);
}
async function revoke(button) {
  if (await ask(part.server.revoke_key, { id: button.closest("[data-key]").dataset.key })) showKeys();
}
async function show() {
  showKeys();
  bin.show(part, body);
  const told = await ask(part.server.house);
  if (!told) return;
  body.querySelector("#settings-version").textContent = told.version;
  const known = body.querySelector("#house-facts");
  if (known) return fill(known, facts(told.facts)); // what is being typed below stays
  fill(body.querySelector("#settings-folder"), html`<div id="house-facts">${facts(told.facts)}</div>
    <div class="row gap-above"><label class="field"><span>${t("settings.limit")}</span><span class="with-unit"><input type="number" id="cache-limit" min="0.1" max="10000" step="0.1" value="${told.limit_gb}"><span class="soft">GB</span></span></label>
      <button type="button" class="button align-end" data-act="limit">${t("save")}</button><button type="button" class="button align-end" data-act="clean" id="cache-clean">${t("settings.clean")}</button></div>
    <p class="soft small">${t("settings.clean.help")}</p><p class="failure-text" id="settings-failure" role="alert" hidden></p>`);
}
const failure = () => body.querySelector("#settings-failure");
async function limit() {
  if (await ask(part.server.set_limit, { gb: Number(body.querySelector("#cache-limit").value) }, failure())) { notice(t("settings.saved")); show(); }
}
/** Everything on the desk as it was at the very first visit; the text stays. */
async function defaults() {
  await desk.load(desk.studio().start);
  tell("reset");
  notice(t("settings.defaults.done"));
}
async function clean() {
  const freed = await ask(part.server.clean_cache, {}, failure());
  if (freed) { notice(t("settings.cleaned", { n: freed.takes, size: size(freed.bytes) })); show(); }
}
async function doctor(button) {
  button.disabled = true;
  const checks = await ask(part.server.checks);
  button.disabled = false;
  if (!checks) return;
  const list = html`<ul class="checks" id="doctor-checks">${checks.map((c) => html`<li><span class="state ${c.good ? "state-ready" : "state-failed"}">${c.good ? t("settings.good") : t("settings.bad")}</span><span><b>${c.name}</b> <span class="soft">${c.found}</span>${c.good ? "" : html`<br>${c.fix}`}</span></li>`)}</ul>`;
  body.querySelector("#doctor-checks")?.remove();
  button.insertAdjacentHTML("afterend", String(list));
}
