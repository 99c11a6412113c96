// Deleted things on the Settings page: what there is, how much room it takes, and the button that removes it for good.
import { ask, day, dialog, fill, html, notice, size, t } from "./dom.js";
import { facts } from "./recipe.js";

let part, place, lying = [];
/** The section, to be put on the page; `show` fills it. */
export const section = () => html`<h2>${t("bin.title")}</h2><p class="soft small">${t("bin.help")}</p><div id="bin"></div>`;
export const act = { emptybin: empty, bindays: days };

/** Asks the server anew, and shows what it says in the section inside `body`. */
export async function show(given, body) {
  [part, place] = [given, body.querySelector("#bin")];
  const told = await ask(part.server.deleted);
  if (!told) return;
  lying = told.kinds;
  if (!place.querySelector("#bin-rows")) fill(place, frame(told.days)); // what is being typed stays
  fill(place.querySelector("#bin-rows"), lying.length ? facts(lying.map(row)) : html`<p>${t("bin.none")}</p>`);
  place.querySelector("#bin-empty").disabled = !lying.length;
}
const frame = (days) => html`<div id="bin-rows"></div>
  <div class="row gap-above"><label class="field"><span>${t("bin.days")}</span><span class="with-unit"><input type="number" id="bin-days" min="0" max="3650" step="1" value="${days}"><span class="soft">${t("bin.unit")}</span></span></label>
    <button type="button" class="button align-end" data-act="bindays">${t("save")}</button><button type="button" class="button align-end" data-act="emptybin" id="bin-empty">${t("bin.empty")}</button></div>
  <p class="failure-text" id="bin-failure" role="alert" hidden></p>`;
const row = (one) => [one.label, [t("bin.row", { n: one.count, size: size(one.bytes) }), one.since && t("bin.since", { time: day(one.since) }), one.held && t("bin.held", { n: one.held })].filter(Boolean).join(" · ")];
const failure = () => place.querySelector("#bin-failure");

async function days() {
  if (await ask(part.server.set_bin_days, { days: place.querySelector("#bin-days").value }, failure())) notice(t("settings.saved"));
}
async function empty() {
  const strays = lying.find((one) => one.kind === "strays");
  const answer = await dialog(t("bin.ask"), html`<p>${t("bin.warn")}</p>${facts(lying.filter((one) => one !== strays).map(row))}
    <label class="field"><span>${t("bin.older")}</span><span class="with-unit"><input type="number" name="days" min="0" max="3650" step="1" value="0"><span class="soft">${t("bin.older.unit")}</span></span></label>
    ${strays ? html`<label class="check"><input type="checkbox" name="strays"><span>${t("bin.strays", { n: strays.count, size: size(strays.bytes) })}</span></label><p class="soft small">${t("bin.strays.help")}</p>` : ""}`,
  [["empty", t("bin.empty"), ""], ["", t("bin.cancel"), "primary"]]);
  if (answer.pressed !== "empty") return;
  const done = await ask(part.server.empty_bin, { days: answer.values.days, strays: answer.values.strays === "on" }, failure());
  if (!done) return;
  notice(t("bin.done", { n: done.count, size: size(done.bytes) }) + (done.held ? " " + t("bin.stay", { n: done.held }) : ""));
  if (done.failed.length) notice(t("bin.failed", { names: done.failed.slice(0, 5).join(", ") }), { kind: "failure" });
  show(part, document);
}
