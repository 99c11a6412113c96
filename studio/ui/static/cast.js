// Who speaks: each part with its voice, a sample in its own words, and what is missing.
import { acts, fill, html, iconButton, options, span, t, dialog, notice } from "./dom.js";
import * as into from "./into.js";
import * as page from "./script.js";
import { face, pick } from "./picker.js";
import { follow, slider } from "./placing.js";
import { playTake } from "./player.js";

let box;
export function mount(given) {
  box = given;
  fill(box, html`<div id="cast" class="cast"></div>`);
  acts(box, { voice, sample, rename });
  box.addEventListener("change", change);
  follow(box, place);
  paint();
}
export const reload = paint;
export function update(before) { if (JSON.stringify(before.cast) !== JSON.stringify(page.now.cast) && !document.getElementById("picker")) paint(); }

function paint() {
  const cast = box.querySelector("#cast"), hand = document.activeElement ?? document.body, speaker = hand.closest("[data-speaker]")?.dataset.speaker;
  if (!page.now || (hand.type === "number" && cast.contains(hand) && hand.value !== hand.defaultValue)) return; // what is being typed stays
  const held = ["field", "act", "pan"].find((name) => name in hand.dataset);
  fill(cast, html`${page.now.cast.map(row)}`);
  if (speaker !== undefined && held) cast.querySelector(`[data-speaker="${CSS.escape(speaker)}"] [data-${held}="${hand.dataset[held]}"]`)?.focus({ preventScroll: true });
}
const row = (c) => html`<article class="card part-row" data-speaker="${c.speaker}">
  <div class="part-name"><b>${c.name}</b><span class="soft small">${t("cast.lines", { n: c.lines })}${c.seconds ? " · " + span(c.seconds) : ""}${c.gender ? " · " + c.gender : ""}</span></div>
  <div class="field"><button type="button" class="voice-button" data-act="voice">${face(c.shown)}</button>${into.field(page.now.timbres, c.own, 'data-field="into"', c.into && !c.own.into ? t("into.narrator") : t("into.none"))}</div>
  <label class="field"><span class="hidden-label">${t("desk.engine")}</span><select data-field="engine" title="${t("desk.engine")}">${options([...(c.speaker ? [["", t("cast.as.narrator")]] : []), ...page.now.engines], c.own.engine)}</select></label>
  <label class="field"><span class="hidden-label">${t("desk.style")}</span><select data-field="style" title="${t("desk.style")}">${options([["", t("desk.style.none")], ...page.now.styles.filter((s) => !s.engine || s.engine === c.engine).map((s) => [s.name, s.label])], c.own.style)}</select></label>
  <label class="with-unit gain"><input type="number" data-field="gain_db" min="-40" max="20" step="0.5" value="${c.gain_db}" aria-label="${t("cast.gain")}" title="${t("cast.gain")}"><span class="soft">dB</span></label>${slider(c.pan)}
  <div class="row">${iconButton("sample", "play", t("cast.sample"), c.lines ? "" : "disabled")}${c.speaker ? iconButton("rename", "edit", t("cast.rename")) : ""}</div>
  ${c.missing ? html`<p class="failure-text">${c.missing}</p>` : ""}${c.caution ? html`<p class="soft small">${c.caution}</p>` : ""}</article>`;

const of = (element) => page.now.cast.find((c) => c.speaker === element.closest("[data-speaker]").dataset.speaker);
let before = Promise.resolve(); // the change that is on its way: each sends its whole row, as the one before left it
const put = ({ speaker }, values) => (before = before.then(async () => {
  const c = page.now?.cast.find((one) => one.speaker === speaker);
  if (!c) return;
  await page.about("member_cast", { speaker, ...c.own, gain_db: c.gain_db, ...values });
  await page.refresh();
  paint();
}));
async function place(input, pan) {
  const done = await page.about("member_placed", { speaker: of(input).speaker, pan });
  await page.refresh();
  if (!done) paint();
}
async function change({ target }) {
  if (!target.dataset.field) return;
  const c = of(target), value = target.dataset.field === "gain_db" ? Number(target.value) : target.value;
  if (target.dataset.field === "into") return put(c, into.read(value));
  await put(c, target.dataset.field === "engine" && value !== c.own.engine ? { engine: value, voice: "", style: "" } : { [target.dataset.field]: value });
}
const voice = (button) => { const c = of(button); pick(button, (search) => page.look("member_voices", { engine: c.engine, search, language: page.now.language }), c.voice, (ref) => put(c, { engine: c.own.engine || c.engine, voice: ref })); };
async function sample(button) {
  button.disabled = true;
  const take = await page.about("member_sample", { speaker: of(button).speaker });
  button.disabled = false;
  if (take) playTake(take);
}
async function rename(button) {
  const c = of(button);
  const { pressed, values } = await dialog(t("cast.rename"), html`<label class="field"><span>${t("cast.name")}</span><input name="name" value="${c.speaker}" maxlength="200" autofocus></label><p class="soft small">${t("cast.rename.help")}</p>`, [["narrator", t("cast.to.narrator"), ""], ["ok", t("save"), "primary"]]);
  if (!pressed) return;
  const moved = await page.about("speaker_renamed", { speaker: c.speaker, name: pressed === "narrator" ? "" : values.name.trim() });
  if (moved === null) return;
  notice(t("cast.renamed", { n: moved }));
  await page.refresh();
  paint();
}
