// How words are read: in this production, and everywhere.
import { acts, fill, html, iconButton, notice, ordered, root, sign, t } from "./dom.js";
import * as page from "./script.js";

let box, words = { own: [], all: [] };
const inTurn = ordered();
export function mount(given) {
  box = given;
  fill(box, html`<p class="soft">${t("lexicon.help")}</p>
    <form class="row lexicon-new" id="lexicon-new"><label class="field"><span>${t("lexicon.word")}</span><input name="word" maxlength="100" required placeholder="重庆"></label>
      <label class="field"><span>${t("lexicon.reading")}</span><input name="reading" maxlength="200" required placeholder="chong2 qing4 · /riːd/"></label>
      <label class="inline-field"><input type="checkbox" name="everywhere">${t("lexicon.everywhere")}</label><button class="button primary">${t("lexicon.add")}</button></form>
    <div class="row"><label class="button small-button">${sign("file")}<span>${t("lexicon.import")}</span><input type="file" accept=".csv,.tsv,.txt" class="hidden-label" id="lexicon-file"></label>
      <a class="button small-button" href="${root}/scripts/${page.id()}/lexicon.csv" download>${sign("download")}${t("lexicon.export")}</a></div><div id="words"></div>`);
  acts(box, { drop });
  box.querySelector("form").addEventListener("submit", add);
  box.querySelector("#lexicon-file").addEventListener("change", load);
  reload();
}
export async function reload() {
  const found = await inTurn(page.look("words_shown"));
  if (!found) return;
  words = found;
  const rows = [...words.own.map((w) => [w, false]), ...words.all.map((w) => [w, true])];
  fill(box.querySelector("#words"), rows.length ? html`<table class="words"><thead><tr><th>${t("lexicon.word")}</th><th>${t("lexicon.reading")}</th><th>${t("lexicon.where")}</th><th></th></tr></thead><tbody>${rows.map(([w, all]) => html`<tr data-word="${w.word}" data-all="${all}"><td>${w.word}</td><td>${w.reading}</td><td class="soft">${all ? t("lexicon.everywhere") : t("lexicon.here")}</td><td>${iconButton("drop", "trash", t("delete"))}</td></tr>`)}</tbody></table>` : html`<div class="empty"><p>${t("lexicon.empty")}</p></div>`);
}
async function add(event) {
  event.preventDefault();
  const form = event.target, told = Object.fromEntries(new FormData(form));
  if (!(await page.about("word_put", { word: told.word, reading: told.reading, everywhere: Boolean(told.everywhere) }))) return;
  form.reset();
  form.querySelector("input").focus();
  await reload();
  page.refresh();
}
async function drop(button) {
  const row = button.closest("tr");
  if (!(await page.about("words_dropped", { words: [row.dataset.word], everywhere: row.dataset.all === "true" }))) return;
  await reload();
  page.refresh();
}
async function load({ target }) {
  const file = target.files[0];
  target.value = "";
  const count = file && (await page.about("words_imported", { text: await file.text(), name: file.name }));
  if (!count) return;
  notice(t("lexicon.imported", { n: count }));
  await reload();
  page.refresh();
}
