// Voices as files, and many at once: import by button or by dropping anywhere on the page, export, the bar of a selection.
import { acts, ask, dialog, fill, html, make, notice, options, raw, root, send, sign, t, tell } from "./dom.js";
import { here } from "./frame.js";

let part, body, wall, bar, page;
const LONG = 8 << 20; // bytes that take a moment to send
const selected = new Set();
let selecting = false;

/** `wallOf` knows the wall: `{query(), voices(), total(), reload()}`. What the wall paints gets its boxes here. */
export function mount(given, element, wallOf) {
  [part, body, page] = [given, element, wallOf];
  wall = body.querySelector("#voice-wall");
  body.querySelector(".page-head h1").after(make(html`<span class="row exchange-head">
    <button type="button" class="button" data-act="select" id="voice-select" aria-pressed="false">${sign("check")}${t("exchange.select")}</button>
    <button type="button" class="button" data-act="import" id="voice-import">${sign("file")}${t("exchange.import")}</button></span>`));
  wall.before((bar = make(html`<div class="voice-bar" id="voice-bar" hidden></div>`)));
  body.append(make(html`<div class="drop-veil" hidden><span>${sign("file")}${t("exchange.drop")}</span></div>`));
  acts(body.querySelector(".exchange-head"), { select: toggle, import: open });
  acts(bar, { "many-all": all, "many-tag": tag, "many-rate": rateAll, "many-export": () => exportMany([...selected]), "many-drop": drop, "many-done": toggle });
  acts(wall, { pack: (button) => takePack(button.dataset.id) });
  wall.addEventListener("click", pick, true);
  new MutationObserver(dress).observe(wall, { childList: true, subtree: true });
  dropping();
}

/* ---- in ---- */
/** Files dropped anywhere on the page, unless somebody else there wants them; a recording is to be cloned from. */
function dropping() {
  const home = document.getElementById("page-voices"), veil = body.querySelector(".drop-veil");
  const ours = (event) => here() === "voices" && !home.classList.contains("cloning") && !event.defaultPrevented
    && [...(event.dataTransfer?.types || [])].includes("Files") && !event.target.closest?.("dialog, .drop");
  addEventListener("dragover", (event) => { veil.hidden = !ours(event); if (!veil.hidden) event.preventDefault(); });
  addEventListener("dragleave", (event) => { if (!event.relatedTarget) veil.hidden = true; });
  addEventListener("drop", (event) => {
    veil.hidden = true;
    if (!ours(event)) return;
    event.preventDefault();
    const files = [...event.dataTransfer.files];
    files.length === 1 && /^(audio|video)\//.test(files[0].type) ? tell("clonethis", files[0]) : take(files);
  });
}
async function open() {
  const packs = (await ask(part.server.voice_packs)) || [];
  const prefer = ["here", "file", "skip"].map((name) => [name, t("exchange.prefer." + name)]);
  const closed = dialog(t("exchange.import"), html`
    <label class="drop"><input type="file" id="voice-files" multiple class="hidden-label">${sign("file")}<span><b>${t("exchange.choose")}</b></span></label>
    <p class="soft small">${t("exchange.help")}</p>
    <div class="field-row paste"><label class="field"><span>${t("exchange.paste")}</span><input name="code" placeholder="蘁淰…" autocomplete="off"></label><label class="field"><span>${t("name")}</span><input name="called" maxlength="80"></label></div>
    <label class="field"><span>${t("exchange.prefer")}</span><select name="prefer">${options(prefer, "here")}</select></label>
    ${packs.map((pack) => html`<div class="row pack-offer"><span class="voice-text"><b>${pack.title}</b><span class="soft small">${pack.about}</span></span><button type="button" class="button" data-pack="${pack.id}">${t("exchange.pack", { n: pack.count })}</button></div>`)}`, [["paste", t("exchange.import"), "primary"]]);
  const box = [...document.querySelectorAll("dialog.sheet")].pop();
  const go = (files) => { const chosen = box.querySelector("[name=prefer]").value; box.close(""); if (files.length) take(files, chosen); };
  box.querySelector("#voice-files").addEventListener("change", (event) => go([...event.target.files]));
  const drop = box.querySelector(".drop");
  for (const name of ["dragover", "dragleave", "drop"]) drop.addEventListener(name, (event) => {
    event.preventDefault();
    drop.classList.toggle("over", name === "dragover");
    if (name === "drop") go([...event.dataTransfer.files]);
  });
  box.addEventListener("click", ({ target }) => { const id = target.closest("[data-pack]")?.dataset.pack; if (id) { box.close(""); takePack(id); } });
  const { pressed, values } = await closed;
  if (pressed === "paste" && values.code.trim()) take([new File([values.code.trim()], `${values.called.trim().replace(/[./\\]/g, " ") || t("exchange.pasted")}.txt`)], values.prefer);
}
async function take(files, prefer = "here") {
  const uploads = [];
  for (const file of files) {
    if (file.size > LONG) notice(t("exchange.sending", { name: file.name }));
    const upload = await send(file, "voice-files");
    if (!upload) return;
    uploads.push(upload);
  }
  report(await ask(part.server.take_voices, { uploads, prefer }));
}
const takePack = async (id) => report(await ask(part.server.take_pack, { id }));
async function report(told) {
  if (!told) return;
  page.reload();
  tell("voicechanged");
  const signs = { added: "add", merged: "merge", known: "check", refused: "warning" };
  const answer = await dialog(t("exchange.report"), html`<p><b>${told.summary}</b></p><ul class="report">${told.rows.map((row) => html`<li class="${row.outcome}">${sign(signs[row.outcome])}<span><b>${row.name}</b> <span class="soft">${row.word}</span>${row.notes.map((note) => html`<span class="small report-note">${note}</span>`)}</span></li>`)}</ul>
    ${told.more ? html`<p class="soft">${told.more}</p>` : ""}`, [...(told.undo ? [["undo", t("exchange.undo"), ""]] : []), ["ok", t("close"), "primary"]]);
  if (answer.pressed !== "undo") return;
  const gone = await ask(part.server.undo_import, { undo: told.undo });
  if (gone !== null) notice(gone);
  page.reload();
  tell("voicechanged");
}

/* ---- out ---- */
/** Asks for the kind of file, and gives it out. */
export async function exportOne({ id, name }) {
  const formats = await ask(part.server.voice_formats, { id });
  if (!formats) return;
  const answer = await dialog(`${t("exchange.export")}: ${name}`, html`<fieldset class="masters formats"><legend class="hidden-label">${t("exchange.export")}</legend>${formats.map((one, n) => html`<label class="master card"><input type="radio" name="format" value="${one.id}" ${raw(n ? "" : "checked")}><b>${one.label}</b><span class="soft small">${one.about} · ${one.ending}</span></label>`)}</fieldset>`, [["save", t("exchange.export"), "primary"]]);
  if (answer.pressed === "save") exportMany([id], answer.values.format);
}
async function exportMany(ids, format = "pack") {
  const told = await ask(part.server.export_voices, { ids, format });
  if (!told) return;
  for (const note of told.notes) notice(note, { stay: 12000 });
  const link = make(html`<a href="${root}/${told.url}" download></a>`);
  document.body.append(link);
  link.click();
  link.remove();
}

/* ---- many at once ---- */
function toggle() {
  selecting = !selecting;
  selected.clear();
  body.querySelector("#voice-select").setAttribute("aria-pressed", selecting);
  wall.classList.toggle("selecting", selecting);
  dress();
  paint();
}
/** Cards get a box to be selected by; an empty library is offered the packs. */
function dress() {
  for (const card of wall.querySelectorAll(".voice-card")) {
    const name = card.getAttribute("aria-label");
    let place = card.querySelector(".select-place");
    if (selecting && !place) card.prepend((place = make(html`<label class="tick select-place"><input type="checkbox" class="select-box" aria-label="${t("exchange.selectone", { name })}"></label>`)));
    if (!selecting) place?.remove();
    else if (place.firstChild.checked !== selected.has(card.dataset.id)) place.firstChild.checked = selected.has(card.dataset.id);
    card.classList.toggle("selected", selecting && selected.has(card.dataset.id));
  }
  const empty = wall.querySelector(".empty:not(.offered)");
  if (empty && !empty.querySelector("[data-act=fewer]")) offer(empty);
}
async function offer(empty) {
  empty.classList.add("offered");
  for (const pack of (await ask(part.server.voice_packs)) || [])
    empty.append(make(html`<p><button type="button" class="button" data-act="pack" data-id="${pack.id}">${t("exchange.pack", { n: pack.count })}</button> <span class="soft">${pack.title}</span></p>`));
}
/** In select mode a click anywhere on a card selects it, except on its buttons. */
function pick(event) {
  const card = selecting && event.target.closest(".voice-card");
  if (!card || (event.target.closest("button") && !event.target.closest(".voice-name"))) return;
  if (!event.target.matches(".select-box")) event.preventDefault();
  event.stopPropagation();
  const id = card.dataset.id;
  selected.has(id) ? selected.delete(id) : selected.add(id);
  queueMicrotask(() => { dress(); paint(); });
}
function paint() {
  bar.hidden = !selecting;
  if (!selecting) return;
  const off = raw(selected.size ? "" : "disabled");
  fill(bar, html`<b role="status">${t("exchange.chosen", { n: selected.size })}</b><button type="button" class="quiet" data-act="many-all">${t("exchange.all", { n: page.total() })}</button><span class="stretch"></span>
    <button type="button" class="quiet" data-act="many-tag" ${off}>${sign("edit")}${t("exchange.tag")}</button><button type="button" class="quiet" data-act="many-rate" ${off}>${sign("star")}${t("exchange.rate")}</button>
    <button type="button" class="quiet" data-act="many-export" ${off}>${sign("download")}${t("exchange.export")}</button><button type="button" class="quiet" data-act="many-drop" ${off}>${sign("trash")}${t("delete")}</button>
    <button type="button" class="button" data-act="many-done">${t("exchange.done")}</button>`);
}
async function all() {
  for (const id of (await ask(part.server.voice_ids, page.query())) || []) selected.add(id);
  dress();
  paint();
}
const split = (text) => text.split(/[,，、;；]/).map((tag) => tag.trim()).filter(Boolean);
async function tag() {
  const answer = await dialog(t("exchange.tag"), html`
    <label class="field"><span>${t("exchange.tag.add")}</span><input name="add" placeholder="${t("voice.tags.help")}" autofocus></label>
    <label class="field"><span>${t("exchange.tag.remove")}</span><input name="remove"></label>`, [["save", t("save"), "primary"]]);
  if (answer.pressed === "save") change({ add_tags: split(answer.values.add), remove_tags: split(answer.values.remove) });
}
async function rateAll() {
  const answer = await dialog(t("exchange.rate"), html`<div class="row rates">${[0, 1, 2, 3, 4, 5].map((n) => html`<label class="check"><input type="radio" name="rating" value="${n}" ${raw(n === 4 ? "checked" : "")}>${n ? t("voice.rate", { n }) : "–"}</label>`)}</div>`, [["save", t("save"), "primary"]]);
  if (answer.pressed === "save") change({ rating: Number(answer.values.rating) });
}
async function change(changes) {
  const count = await ask(part.server.change_voices, { ids: [...selected], ...changes });
  if (count === null) return;
  notice(t("exchange.changed", { n: count }));
  page.reload();
  tell("voicechanged");
}
async function drop() {
  const ids = [...selected];
  let gone = await ask(part.server.drop_voices, { ids });
  if (gone?.titles) {
    const answer = await dialog(t("exchange.inuse", { n: ids.length }), html`<p>${t("clone.usedby", { titles: gone.titles.join(" · ") })}</p>
      ${["keep", "leave"].map((then) => html`<label class="check"><input type="radio" name="then" value="${then}" ${raw(then === "keep" ? "checked" : "")}><span>${t("clone.then." + then)}</span></label>`)}`, [["delete", t("delete"), "primary"]]);
    if (answer.pressed !== "delete") return;
    gone = await ask(part.server.drop_voices, { ids, then: answer.values.then });
  }
  if (!gone) return;
  const count = gone.count;
  selected.clear();
  page.reload();
  paint();
  tell("voicechanged");
  notice(t("exchange.deleted", { n: count }), { act: t("undo"), run: async () => { await ask(part.server.restore_voices, { ids }); page.reload(); tell("voicechanged"); } });
}
