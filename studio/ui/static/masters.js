// The sound of the whole (pauses, music, loudness), and the finished files with the proof of what they are.
import { acts, fill, html, options, ordered, raw, root, sign, size, span, t } from "./dom.js";
import * as page from "./script.js";
import { changed, controlRow } from "./controls.js";
import { captionLinks } from "./captions.js";

let box, timer = 0;
const inTurn = ordered();

export const sound = {
  mount(given) {
    box = given;
    fill(box, html`<div class="sound-page"><div class="controls" id="sound-controls"></div><div class="sound-files" id="sound-files"></div></div>`);
    acts(box, { reset, help, drop });
    box.addEventListener("change", set);
    box.addEventListener("input", ({ target }) => { if (target.type === "range") target.closest(".control").querySelector(".number").value = target.value; });
    this.reload();
  },
  reload() {
    const groups = ["basic", "expert"];
    if (!box.querySelector("#sound-controls")) return; // the files are open by now
    fill(box.querySelector("#sound-controls"), html`${groups.map((group) => { const rows = page.now.controls.filter((c) => c.group === group).map((c) => controlRow(c, c.default, page.now.sound[c.name] === c.default ? undefined : page.now.sound[c.name])); return group === "basic" ? rows : html`<details class="group"><summary>${t("group.expert")}</summary><div class="controls">${rows}</div></details>`; })}`);
    this.update();
  },
  update() {
    const file = (what, accept) => html`<div class="sound-file"><b>${t("sound." + what)}</b><span class="soft small">${page.now[what] ? t("sound.there") : t("sound." + what + ".help")}</span><div class="row"><label class="button small-button">${sign("file")}<span>${t("sound.choose")}</span><input type="file" accept="${accept}" class="hidden-label" data-file="${what}"></label>${page.now[what] ? html`<button type="button" class="quiet" data-act="drop" data-what="${what}">${t("sound.remove")}</button>` : ""}</div></div>`;
    if (box.querySelector("#sound-files")) fill(box.querySelector("#sound-files"), html`${file("music", "audio/*")}${file("cover", "image/png,image/jpeg")}`);
  },
};
const controlOf = (element) => page.now.controls.find((c) => c.name === element.closest("[data-control]").dataset.control);
async function put(values) {
  if (!(await page.about("sound_set", { values }))) return sound.reload();
  page.now.sound = { ...page.now.sound, ...values };
  for (const name of Object.keys(values)) {
    const row = box.querySelector(`[data-control="${name}"]`), c = page.now.controls.find((one) => one.name === name);
    if (row) row.querySelector(".reset").hidden = !changed(c, c.default, values[name]);
  }
}
async function set({ target }) {
  if (target.dataset.file) return file(target);
  if (!target.closest("[data-control]")) return;
  const c = controlOf(target), row = target.closest(".control");
  const value = c.kind === "switch" ? target.checked : c.kind === "choice" ? target.value : Number(target.value);
  for (const other of row.querySelectorAll("input[type=range], input.number")) if (other !== target) other.value = value;
  await put({ [c.name]: value });
}
async function reset(button) { const c = controlOf(button); await put({ [c.name]: c.default }); sound.reload(); }
function help(button) {
  const text = box.querySelector("#" + button.getAttribute("aria-controls"));
  text.hidden = !text.hidden;
  button.setAttribute("aria-expanded", !text.hidden);
}
async function file(target) {
  const chosen = target.files[0], upload = chosen && (await page.send(chosen));
  target.value = "";
  if (upload && (await page.about("file_put", { what: target.dataset.file, upload }))) { await page.refresh(); sound.update(); }
}
const drop = async (button) => { if (await page.about("file_put", { what: button.dataset.what })) { await page.refresh(); sound.update(); } };

export const files = {
  mount(given) {
    box = given;
    fill(box, html`<form class="export-form" id="export-form"><fieldset class="masters"><legend class="soft small">${t("export.as")}</legend>${page.now.masters.map((m, n) => html`<label class="card master"><input type="radio" name="master" value="${m.id}" ${raw(n ? "" : "checked")}><b>${m.label}</b><span class="soft small">${m.help}</span></label>`)}</fieldset>
      <label class="field narrow"><span>${t("export.what")}</span><select name="chapter">${options([["", t("export.all")], ...page.now.chapters.map((c) => [c.id, c.title || t("lines.untitled")])], "")}</select></label>
      <div class="row"><button class="button primary" id="export-start">${t("export.start")}</button><span id="export-progress" class="progress-line"></span></div></form><div id="export-files"></div>`);
    acts(box, { stop: async () => { await page.about("export_stopped"); watch(); } });
    box.querySelector("form").addEventListener("submit", begin);
    watch();
  },
};
async function begin(event) {
  event.preventDefault();
  const told = Object.fromEntries(new FormData(event.target));
  if (await page.about("export_begun", { master: told.master, chapters: told.chapter ? [told.chapter] : [] })) watch();
}
async function watch() {
  clearTimeout(timer);
  const now = await inTurn(page.look("export_state"));
  const progress = box.querySelector("#export-progress");
  if (!now || !progress) return;
  box.querySelector("#export-start").disabled = now.running;
  fill(progress, now.running ? html`<progress max="1" value="${now.share}" aria-label="${t("book.progress")}"></progress><span class="soft">${Math.floor(now.share * 100)} %${now.seconds_left ? " · " + t("speak.left", { time: span(now.seconds_left) }) : ""}</span><button type="button" class="button small-button" data-act="stop">${sign("stop")}${t("stop")}</button>` : now.error ? html`<span class="failure-text" id="export-error">${now.error}</span>` : "");
  if (now.running) { timer = setTimeout(watch, 400); return; }
  fill(box.querySelector("#export-files"), now.files.length ? html`<h2>${t("export.files")}</h2>${now.notes.map((note) => html`<p class="soft small">${note}</p>`)}<div class="production-rows">${now.files.map((f) => row(f, captionLinks(`productions/${page.id()}/subtitles/${now.subtitles.names.indexOf(f.file)}`, now.subtitles.names.includes(f.file) ? now.subtitles.formats : [])))}</div>` : "");
}
const row = (f, subtitles) => html`<article class="card export-file" data-file="${f.file}"><div class="production-head"><div class="production-text"><b>${f.title}</b><span class="soft small">${f.length} · ${f.sides} · ${size(f.bytes)} · ${Math.round(f.bitrate / 1000)} kb/s${f.chapters ? " · " + t("book.chapters", { n: f.chapters }) : ""}</span></div>
  ${f.checks.length ? html`<span class="state ${f.passed ? "state-done" : "state-failed"}">${f.passed ? t("export.passed") : t("export.failed")}</span>` : ""}
  ${f.here ? html`<a class="button" href="${root}/scripts/${page.id()}/files/${encodeURIComponent(f.file)}" download>${sign("download")}${t("book.download")}</a>` : ""}</div>${subtitles}
  ${f.checks.length ? html`<ul class="checks">${f.checks.map((c) => html`<li class="${c.passed ? "passed" : "wrong"}"><span>${c.label}</span><b>${c.value} ${c.unit}</b></li>`)}</ul>` : ""}</article>`;
