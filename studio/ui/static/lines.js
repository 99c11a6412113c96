// The script as one reads a play: chapters of lines, loaded as they come into sight, worked on with the keyboard.
import { acts, clock, dialog, fill, html, iconButton, later, make, notice, options, ordered, raw, sign, span, t } from "./dom.js";
import * as page from "./script.js";
import { peaksOf, playTake, quiet, toggle } from "./player.js";
import { draw } from "./wave.js";

const CHUNK = 40; // lines that are loaded together
const GUESS = 52; // pixels of a line that was not seen yet
let box, list, watch, filter = {}, chosen = new Set(), at = "", playing = "", known = new Map(), count = 0;
const strips = new Map(), waves = new Map(); // pictures of chapters, and of takes

export function mount(given) {
  box = given;
  chosen = new Set();
  at = "";
  fill(box, html`<div class="filters" role="search">
      <label class="search-field">${sign("search")}<input type="search" id="line-search" placeholder="${t("lines.search")}" aria-label="${t("lines.search")}" value="${filter.search || ""}"></label>
      <select id="line-speaker" aria-label="${t("lines.speaker")}"></select>
      <select id="line-state" aria-label="${t("lines.state")}">${options([["", t("lines.state.any")], ...["planned", "stale", "done", "failed", "locked"].map((s) => [s, t("line.state." + s)])], filter.state || "")}</select>
      <select id="line-problem" aria-label="${t("lines.problem")}">${options([["", t("lines.problem.none")], ["any", t("lines.problem.any")], ["unsure", t("lines.problem.unsure")], ...page.now.problems], filter.problem || "")}</select>
      <span class="stretch"></span>
      <button type="button" class="quiet" data-act="replace">${t("lines.replace")}</button>
      <button type="button" class="quiet" data-act="help" id="line-help">${t("lines.keys")}</button></div>
    <div id="selection" class="selection" hidden></div><div id="lines" class="lines" role="list" aria-label="${t("script.tab.script")}"></div>`);
  list = box.querySelector("#lines");
  paintSpeakers();
  const search = box.querySelector("#line-search");
  search.addEventListener("input", later(200, () => narrow({ search: search.value.trim() })));
  box.querySelector("#line-state").addEventListener("change", ({ target }) => narrow({ state: target.value }));
  box.querySelector("#line-problem").addEventListener("change", ({ target }) => narrow({ problem: target.value }));
  box.querySelector("#line-speaker").addEventListener("change", ({ target }) => narrow({ speaker: target.value === "*" ? null : target.value }));
  acts(box, {
    replace, help, play: (b) => hearLine(idOf(b)), again: (b) => page.again(ids(b)), lock: (b) => lock(ids(b)), edit: (b) => write(idOf(b)), split: (b) => write(idOf(b)),
    merge: (b) => merge(ids(b)), remove: (b) => remove(ids(b)), add: (b) => add(idOf(b)), take: choose, from: (b) => page.renderSome({ start: idOf(b) }),
    rendered: (b) => page.renderSome({ chapter: b.dataset.chapter }), rechapter, unchapter, addfirst: (b) => addFirst(b.dataset.chapter), up: (b) => shift(idOf(b), -1), down: (b) => shift(idOf(b), 1),
    select: (b, event) => step(b.closest(".line"), event.shiftKey), clear: () => { chosen.clear(); paintChosen(); }, spoken,
  });
  list.addEventListener("change", fields);
  list.addEventListener("click", ({ target }) => target.dataset?.jump && stand(target.dataset.jump));
  list.addEventListener("dblclick", (event) => event.target.closest(".line-text") && write(idOf(event.target)));
  build();
}
const idOf = (element) => element.closest("[data-line]").dataset.line;
const ids = (button) => (button.closest(".selection") ? [...chosen] : [idOf(button)]);
const filtered = () => Boolean(filter.search || filter.state || filter.problem || filter.speaker != null);
function narrow(change) { filter = { ...filter, ...change }; build(); }

function paintSpeakers() {
  const select = box.querySelector("#line-speaker");
  fill(select, html`${options([["*", t("lines.speaker.any")], ...page.now.cast.map((c) => [c.speaker, `${c.name} (${c.lines})`])], filter.speaker ?? "*")}`);
}

/* ---- what is in sight ---- */
const room = (lines) => Math.min(CHUNK, lines) * GUESS;
const chunk = (chapter, offset, lines) => make(html`<div class="chunk" data-chapter="${chapter}" data-offset="${offset}" style="min-height:${room(lines)}px"></div>`);
/** Everything anew: chapters with room for their lines; the lines come when they come near. */
function build() {
  watch?.disconnect();
  known = new Map();
  fill(list, "");
  watch = new IntersectionObserver((seen) => { for (const one of seen) one.isIntersecting ? load(one.target) : drop(one.target); }, { rootMargin: "1200px 0px" });
  if (filtered()) { const first = chunk("", 0, CHUNK); list.append(first); watch.observe(first); } else shape();
}
export const reload = () => settle();
/** Sections and their room as the chapters are now; what is in sight stays where it is. */
function shape() {
  let last = null;
  for (const c of page.now.chapters) {
    let section = list.querySelector(`[data-section="${c.id}"]`);
    if (!section) section = make(html`<section class="chapter" data-section="${c.id}"><header class="chapter-head" data-chapter="${c.id}"></header></section>`);
    if ((last ? last.nextElementSibling : list.firstElementChild) !== section) last ? last.after(section) : list.prepend(section);
    last = section;
    const chunks = section.querySelectorAll(".chunk"), wanted = Math.max(1, Math.ceil(c.lines / CHUNK));
    for (let n = wanted; n < chunks.length; n++) { watch.unobserve(chunks[n]); chunks[n].remove(); }
    for (let n = chunks.length; n < wanted; n++) { const fresh = chunk(c.id, n * CHUNK, c.lines - n * CHUNK); section.append(fresh); watch.observe(fresh); }
  }
  while (last ? last.nextElementSibling : list.firstElementChild) (last ? last.nextElementSibling : list.firstElementChild).remove();
  paintChapters();
}
function paintChapters() {
  for (const head of list.querySelectorAll(".chapter-head")) {
    const c = page.now.chapters.find((one) => one.id === head.dataset.chapter);
    if (!c) continue;
    const done = (c.states.done || 0) + (c.states.locked || 0);
    fill(head, html`<h2>${c.title || t("lines.untitled")}</h2><span class="soft small">${t("script.done", { done, lines: c.lines })}${c.seconds ? " · " + span(c.seconds) : ""}</span>
      <span class="chapter-fill" role="img" data-strip="${c.id}" aria-label="${t("book.progress")} ${Math.round((100 * done) / Math.max(1, c.lines))} %">${strips.get(c.id) ?? ""}</span><span class="stretch"></span>
      ${done < c.lines ? html`<button type="button" class="quiet" data-act="rendered" data-chapter="${c.id}">${t("lines.render.chapter")}</button>` : ""}
      ${iconButton("rechapter", "edit", t("lines.rename"), `data-chapter="${c.id}"`)}${iconButton("addfirst", "add", t("lines.add"), `data-chapter="${c.id}"`)}${iconButton("unchapter", "trash", t("delete"), `data-chapter="${c.id}"`)}`);
  }
}
/** A chapter as a row of bars, as long as its lines, with marks where something is to be looked at. */
async function paintStrip(chapter) {
  const holder = list.querySelector(`[data-strip="${chapter}"]`), rows = holder && (await page.look("script_strip", { chapter }));
  if (!rows?.length || !holder.isConnected) return;
  const usual = rows.reduce((sum, [, s]) => sum + s, 0) / Math.max(1, rows.filter(([, s]) => s).length) || 1;
  const whole = rows.reduce((sum, [, s]) => sum + (s || usual), 0);
  let x = 0;
  const bars = rows.map(([id, seconds, state, problem]) => {
    const width = (1000 * (seconds || usual)) / whole, kind = problem || state === "failed" ? "problem" : state;
    x += width;
    return html`<rect class="bar-${kind}" data-jump="${id}" x="${x - width}" width="${Math.max(0.6, width - 0.6)}" y="${kind === "problem" ? 0 : 5}" height="${kind === "problem" ? 14 : 9}"/>`;
  });
  strips.set(chapter, html`<svg viewBox="0 0 1000 14" preserveAspectRatio="none" aria-hidden="true">${bars}</svg>`);
  fill(list.querySelector(`[data-strip="${chapter}"]`) ?? holder, strips.get(chapter));
}
async function load(chunk, anew = false) {
  if (chunk.dataset.loaded && !anew) return;
  chunk.dataset.loaded = "1";
  const asked = filtered() ? filter : { chapter: chunk.dataset.chapter };
  const answer = await (chunk.inTurn ??= ordered())(page.look("script_lines", { ...asked, offset: Number(chunk.dataset.offset), size: CHUNK }));
  if (!answer || !chunk.isConnected || !chunk.dataset.loaded) return;
  if (filtered() && chunk.dataset.offset === "0") more(answer.total);
  const rows = [...chunk.querySelectorAll(".line")].map((row) => row.dataset.line).join();
  if (rows && rows === answer.lines.map((line) => line.id).join()) for (const line of answer.lines) paintLine(line);
  else if (!chunk.querySelector("textarea")) {
    for (const line of answer.lines) known.set(line.id, line);
    fill(chunk, answer.lines.length || !filtered() ? html`${answer.lines.map(row)}` : html`<p class="soft">${t("lines.none")}</p>`);
    if (at && chunk.contains(element(at)) && (document.activeElement === document.body || !document.activeElement)) stand(at, false);
  }
  chunk.style.minHeight = "";
  paintChosen();
  if (chunk.dataset.offset === "0" && chunk.dataset.chapter) paintStrip(chunk.dataset.chapter);
}
/** A line that is in sight, as it is now; what is open below it stays open. */
function paintLine(line) {
  const before = known.get(line.id), old = element(line.id);
  known.set(line.id, line);
  if (!old || JSON.stringify(before) === JSON.stringify(line) && old.dataset.cast === JSON.stringify(part(line.speaker)?.shown)) return;
  const fresh = make(row(line));
  for (const name of ["state", "kind", "ends", "cast"]) old.dataset[name] = fresh.dataset[name];
  for (const piece of [".line-who", ".line-text", ".line-marks"]) if (!old.querySelector(piece + " textarea")) old.querySelector(piece).replaceWith(fresh.querySelector(piece));
  const typing = old.querySelector(".line-open").contains(document.activeElement) && document.activeElement.matches("input, select");
  if (at === line.id && !typing) openLine(old);
}
function more(total) {
  count = total;
  for (let offset = CHUNK; offset < total; offset += CHUNK) {
    if (list.querySelector(`.chunk[data-offset="${offset}"]`)) continue;
    const chunk = make(html`<div class="chunk" data-chapter="" data-offset="${offset}" style="min-height:${Math.min(CHUNK, total - offset) * GUESS}px"></div>`);
    list.append(chunk);
    watch.observe(chunk);
  }
}
/** Lines far away are forgotten; their room stays. */
function drop(chunk) {
  if (!chunk.dataset.loaded || chunk.contains(document.activeElement) || chunk.querySelector("textarea")) return;
  chunk.style.minHeight = chunk.offsetHeight + "px";
  delete chunk.dataset.loaded;
  fill(chunk, "");
}
export const again = () => Promise.all([...list.querySelectorAll(".chunk[data-loaded]")].map((chunk) => load(chunk, true)));
const againSoon = later(250, again);
/** The state of the script moved: chapters, lines in sight. */
export function update(before) {
  paintSpeakers();
  if (!filtered()) shape();
  paintNow();
  const told = (now) => JSON.stringify([now.progress, now.cast, now.chapters.map((c) => c.id + c.lines)]);
  if (told(before) !== told(page.now)) againSoon();
}
let deeds = 0, answered = 0; // what the person did, moves and edits; the last edit whose answer came
const edit = async (what, asked) => { const mine = ++deeds, line = await page.edit(what, asked); answered = mine; return line; };
/** After an edit: everything in sight as it is now, and the hand on a line, unless it went to another one meanwhile. */
async function settle(line = at) {
  const mine = answered;
  await page.refresh();
  if (!filtered()) shape();
  await again();
  if (line && (line === at || mine === deeds) && !typing()) await stand(line);
}
/** Whether somebody types what to look for, or a field of a line: an answer that comes late does not take the hand away. */
const typing = () => document.activeElement?.matches(".filters *, .line-open input");
function paintNow() {
  const now = new Set(page.now.job.now);
  for (const line of list.querySelectorAll(".line")) line.classList.toggle("rendering", now.has(line.dataset.line));
}

/* ---- a line ---- */
const part = (speaker) => page.now.cast.find((c) => c.speaker === speaker);
const marks = { planned: "○", stale: "◌", done: "●", failed: "▲", locked: "■" };
function row(line) {
  const who = part(line.speaker), trouble = line.error || (line.problem && page.word(page.now.problems, line.problem)) || "";
  return html`<article class="line" role="listitem" data-line="${line.id}" data-state="${line.state}" data-kind="${line.kind}" data-ends="${line.ends}" data-cast="${JSON.stringify(who?.shown)}" tabindex="-1">
    <button type="button" class="line-who plain" data-act="select" title="${who?.shown.name || ""}"><span class="glyph">${raw(who?.shown.glyph || "")}</span><span class="line-name">${who?.name || line.speaker || t("script.narrator")}${line.sure < 0.5 ? html`<i class="unsure" title="${t("lines.unsure")}">?</i>` : ""}</span></button>
    <p class="line-text">${line.text}</p>
    <div class="line-marks">${line.emotion ? html`<span class="tag">${page.word(page.now.emotions, line.emotion)}</span>` : ""}${trouble ? html`<span class="line-trouble" title="${trouble}">${sign("warning")}<span>${trouble}</span></span>` : ""}
      <span class="soft small line-time">${line.seconds ? t("time.seconds", { n: line.seconds.toFixed(1) }) : ""}</span>
      <span class="line-state line-${line.state}" title="${t("line.state." + line.state)}" role="img" aria-label="${t("line.state." + line.state)}">${marks[line.state]}</span></div>
    <div class="line-open"></div></article>`;
}
const element = (id) => list.querySelector(`[data-line="${id}"]`);

/** Stands on a line: it opens, with what can be done about it. */
async function stand(id, scroll = true) {
  if (at && at !== id) fill(element(at)?.querySelector(".line-open") ?? document.createElement("div"), "");
  at = id;
  let row = element(id);
  if (!row) {
    const place = await page.look("script_place", { line: id });
    if (!place) return;
    const chunk = list.querySelector(`.chunk[data-chapter="${place.chapter}"][data-offset="${Math.floor(place.before / CHUNK) * CHUNK}"]`);
    if (!chunk) return;
    chunk.scrollIntoView({ block: "center" });
    await load(chunk, true);
    row = element(id);
    if (!row) return;
  }
  if (scroll) row.scrollIntoView({ block: "nearest" });
  row.focus({ preventScroll: true });
  openLine(row);
}
async function openLine(row) {
  const id = row.dataset.line, line = known.get(id);
  if (!line || row.querySelector("textarea")) return;
  const takes = await (row.inTurn ??= ordered())(line.take || line.state === "failed" ? page.look("line_takes", { line: id }) : []);
  if (at !== id || !row.isConnected || takes === undefined) return;
  fill(row.querySelector(".line-open"), html`<div class="row line-acts">
      ${iconButton("play", "play", t("lines.play"), line.take ? "" : "disabled")}<button type="button" class="button small-button" data-act="again">${sign("dice")}${line.take ? t("lines.again") : t("lines.render.one")}</button>
      ${iconButton("lock", "lock", line.locked ? t("lines.unlock") : t("lines.lock"), `aria-pressed="${line.locked}"`)}${iconButton("edit", "edit", t("lines.edit"))}${iconButton("merge", "merge", t("lines.merge"))}${iconButton("up", "up", t("lines.up"))}${iconButton("down", "downward", t("lines.down"))}${iconButton("add", "add", t("lines.add"))}${iconButton("remove", "trash", t("delete"))}
      <button type="button" class="quiet" data-act="from">${t("lines.render.from")}</button><button type="button" class="quiet" data-act="spoken">${t("said.title")}</button></div>
    <div class="line-fields">
      <label class="field"><span>${t("lines.speaker")}</span><input data-field="speaker" list="speakers" value="${line.speaker}" placeholder="${t("script.narrator")}" maxlength="200"></label>
      <label class="field"><span>${t("lines.emotion")}</span><select data-field="emotion">${options([["", "–"], ...page.now.emotions], line.emotion)}</select></label>
      <label class="field"><span>${t("desk.style")}</span><select data-field="style">${options([["", "–"], ...styles(line)], line.style)}</select></label>
      <label class="field"><span>${t("lines.ends")}</span><select data-field="ends">${options([["", t("lines.ends.line")], ["paragraph", t("lines.ends.paragraph")], ["scene", t("lines.ends.scene")]], line.ends)}</select></label>
      <label class="field"><span>${t("lines.pause")}</span><input data-field="pause_ms" type="number" min="0" max="60000" step="50" value="${line.pause_ms ?? ""}" placeholder="${t("lines.pause.auto")}"></label></div>
    <datalist id="speakers">${page.now.cast.filter((c) => c.speaker).map((c) => html`<option value="${c.speaker}"></option>`)}</datalist>
    ${takes?.length ? html`<ol class="line-takes">${takes.map((one, n) => html`<li><button type="button" class="button small-button" data-act="take" data-take="${one.digest}" aria-pressed="${one.chosen}">${t("lines.take", { n: takes.length - n })} · ${clock(one.seconds)}${one.current ? "" : " · " + t("lines.take.old")}</button>${one.problems.map((problem) => html`<span class="soft small">${problem}</span>`)}</li>`)}</ol>` : ""}<div class="line-spoken">${said?.line === id ? said.shown : ""}</div>`);
  if (line.take) {
    const wave = make(html`<canvas class="line-wave" aria-hidden="true"></canvas>`);
    row.querySelector(".line-open").prepend(wave);
    if (!waves.has(line.take)) waves.set(line.take, await peaksOf(line.take));
    if (waves.size > 500) waves.delete(waves.keys().next().value);
    draw(wave, waves.get(line.take) ?? []);
  }
}
const styles = (line) => { const engine = part(line.speaker)?.engine; return page.now.styles.filter((s) => !s.engine || s.engine === engine).map((s) => [s.name, s.label]); };
let said = null; // of the open line: how it is read, kept while the line is drawn anew
async function spoken(button) {
  const line = button.closest(".line").dataset.line, found = await page.about("line_spoken", { line });
  if (!found) return;
  said = { line, shown: html`<p class="line-said">${found.spoken.join(" ")}</p>${found.notes.length ? html`<ul class="notes">${found.notes.map((n) => html`<li><code>${n.source}</code><span class="soft">${n.text}</span></li>`)}</ul>` : ""}` };
  const place = element(line)?.querySelector(".line-spoken");
  if (place) fill(place, said.shown);
}
async function fields({ target }) {
  said = null;
  const name = target.dataset.field;
  if (!name) return;
  const id = idOf(target), lines = chosen.has(id) ? [...chosen] : [id];
  const value = name === "pause_ms" ? (target.value === "" ? null : Number(target.value)) : target.value.trim();
  if ((await edit("change", { lines, [name]: value })) !== null) await settle();
}
/* ---- what one does ---- */
async function hearLine(id) {
  if (!known.get(id)?.take && element(id)) await load(element(id).closest(".chunk"), true); // it may just have been rendered
  const line = known.get(id);
  if (!line?.take) return;
  playing = id;
  playTake({ digest: line.take, title: line.text.slice(0, 60), facts: part(line.speaker)?.name || "", seconds: line.seconds });
}
async function choose(button) {
  const id = idOf(button);
  if (!(await page.about("take_chosen", { line: id, take: button.dataset.take }))) return;
  await settle(id);
  hearLine(id);
}
async function lock(lines) {
  const locked = !lines.every((id) => known.get(id)?.locked);
  if ((await edit("change", { lines, locked })) !== null) await settle();
}
async function remove(lines) {
  const next = beside(lines[lines.length - 1], 1) || beside(lines[0], -1);
  if ((await edit("delete", { lines })) === null) return;
  chosen.clear();
  notice(t("lines.deleted", { n: lines.length }), { act: t("undo"), run: page.undo });
  await settle(next || "");
}
async function merge(lines) {
  const first = lines[0], all = lines.length > 1 ? lines : [first, beside(first, 1)];
  if (!all[1] || (await edit("merge", { lines: all })) === null) return;
  chosen.clear();
  await settle(first);
}
async function add(after) {
  const line = await edit("insert", { after, text: "…", speaker: known.get(after)?.speaker || "" });
  if (line) { await settle(line); if (at === line) write(line); }
}
async function addFirst(chapter) {
  const line = await edit("insert", { chapter, text: "…" });
  if (line) { await settle(line); if (at === line) write(line); }
}
async function shift(id, by) {
  const near = beside(id, by), after = by > 0 ? near : beside(near || id, -1);
  if (!near || (await edit("move", { lines: [id], ...(after ? { after } : { chapter: known.get(near).chapter }) })) === null) return;
  await settle(id);
}
/** Writes a line anew: Enter keeps it, Alt+Enter cuts it in two where the caret stands, Escape leaves it. */
function write(id) {
  const row = element(id), line = known.get(id);
  if (!row || !line || row.querySelector("textarea")) return;
  said = null;
  const text = row.querySelector(".line-text");
  fill(text, html`<textarea rows="1" aria-label="${t("lines.text")}">${line.text}</textarea><span class="soft small">${t("lines.write")}</span>`);
  const area = text.querySelector("textarea");
  const grow = () => { area.style.height = "auto"; area.style.height = area.scrollHeight + "px"; };
  area.addEventListener("input", grow);
  grow();
  area.focus();
  area.setSelectionRange(area.value.length, area.value.length);
  if (line.text === "…") area.select();
  let over = false;
  const end = async (keep) => {
    if (over) return;
    over = true;
    const value = area.value.trim();
    fill(text, html`${keep && value ? value : line.text}`);
    if (keep && value && value !== line.text && (await edit("change", { lines: [id], text: value })) !== null) await settle(id);
    else element(id)?.focus({ preventScroll: true });
  };
  area.addEventListener("keydown", async (event) => {
    event.stopPropagation();
    if (event.key === "Escape") end(false);
    else if (event.key === "Enter" && event.altKey) {
      event.preventDefault();
      over = true;
      const place = area.selectionStart;
      if (area.value !== line.text) await edit("change", { lines: [id], text: area.value });
      fill(text, html`${area.value}`);
      const half = await edit("split", { line: id, at: place });
      await settle(half || id);
    } else if (event.key === "Enter" && !event.shiftKey) { event.preventDefault(); end(true); }
  });
  area.addEventListener("blur", () => end(true));
}
async function rechapter(button) {
  const chapter = button.dataset.chapter, title = page.now.chapters.find((c) => c.id === chapter)?.title;
  const { pressed, values } = await dialog(t("lines.rename"), html`<label class="field"><span>${t("book.title")}</span><input name="title" value="${title}" maxlength="200" autofocus></label>`, [["new", t("lines.chapter.new"), ""], ["ok", t("save"), "primary"]]);
  if (pressed === "ok") await edit("rechapter", { chapter, title: values.title });
  if (pressed === "new") await edit("chapter", { after: chapter, title: values.title });
  if (pressed) await page.refresh();
}
async function unchapter(button) {
  if ((await edit("unchapter", { chapter: button.dataset.chapter })) === null) return;
  await page.refresh();
  notice(t("lines.chapter.deleted"), { act: t("undo"), run: page.undo });
}
async function replace() {
  const { pressed, values } = await dialog(t("lines.replace"), html`<label class="field"><span>${t("lines.find")}</span><input name="find" autofocus></label><label class="field"><span>${t("lines.put")}</span><input name="put"></label>
    ${filtered() ? html`<p class="soft small">${t("lines.replace.filtered")}</p>` : ""}`, [["ok", t("lines.replace"), "primary"]]);
  if (pressed !== "ok" || !values.find) return;
  const changed = await edit("replace", { ...filter, find: values.find, put: values.put });
  if (changed === null) return;
  notice(t("lines.replaced", { n: changed || 0 }), { act: t("undo"), run: page.undo });
  await settle();
}

/* ---- keys ---- */
const order = () => [...list.querySelectorAll(".line")].map((row) => row.dataset.line);
const beside = (id, by) => { const all = order(), n = all.indexOf(id); return n < 0 ? all[0] : all[n + by]; };
function step(row, extend) {
  deeds++;
  const id = row.dataset.line;
  if (extend && at) {
    const all = order(), [from, to] = [all.indexOf(at), all.indexOf(id)].sort((a, b) => a - b);
    for (const one of all.slice(Math.max(0, from), to + 1)) chosen.add(one);
  } else chosen.clear();
  paintChosen();
  stand(id, false);
}
function paintChosen() {
  for (const row of list.querySelectorAll(".line")) row.classList.toggle("chosen", chosen.has(row.dataset.line));
  const bar = box.querySelector("#selection");
  bar.hidden = chosen.size < 2;
  if (!bar.hidden) fill(bar, html`<b>${t("lines.chosen", { n: chosen.size })}</b>${iconButton("again", "dice", t("lines.again"))}${iconButton("lock", "lock", t("lines.lock"))}${iconButton("merge", "merge", t("lines.merge"))}${iconButton("remove", "trash", t("delete"))}<button type="button" class="quiet" data-act="clear">${t("lines.clear")}</button>`);
}
export function keys(event) {
  const typing = event.target.closest?.("input, textarea, select, dialog, [contenteditable]");
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z" && !typing) { event.preventDefault(); return event.shiftKey ? page.redo() : page.undo(); }
  if (typing || event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.(".picker, #player, #nav")) return;
  const now = at && element(at) ? at : "", lines = chosen.size > 1 ? [...chosen] : [now];
  const key = event.key;
  const table = {
    ArrowDown: () => move(1, event.shiftKey), ArrowUp: () => move(-1, event.shiftKey), j: () => move(1), k: () => move(-1),
    " ": () => (playing === now ? toggle() : hearLine(now)), r: () => page.again(lines), l: () => lock(lines), e: () => write(now), Enter: () => write(now), m: () => merge(lines), n: () => add(now), Delete: () => remove(lines), Backspace: () => remove(lines),
    "/": () => box.querySelector("#line-search").focus(), "?": help, Escape: () => { chosen.clear(); paintChosen(); quiet(); },
  };
  if (/^[1-9]$/.test(key) && now) { const takes = [...element(now).querySelectorAll("[data-take]")].reverse(); if (takes[key - 1]) { event.preventDefault(); choose(takes[key - 1]); } return; }
  const work = table[key.length === 1 ? key.toLowerCase() : key];
  if (!work || (!now && !["ArrowDown", "ArrowUp", "j", "k", "/", "?", "Escape"].includes(key))) return;
  if (event.target.closest?.("button, a") && (key === " " || key === "Enter")) return;
  event.preventDefault();
  work();
}
function move(by, extend) {
  const next = at ? beside(at, by) : order()[0];
  if (!next) return;
  deeds++;
  if (extend) { chosen.add(at); chosen.add(next); } else chosen.clear();
  paintChosen();
  stand(next);
}
const help = () => dialog(t("lines.keys"), html`<dl class="keys">${[["↑ ↓", "lines.key.move"], ["Shift ↑ ↓", "lines.key.extend"], ["Space", "lines.play"], ["R", "lines.again"], ["1 – 9", "lines.key.take"], ["L", "lines.lock"], ["E", "lines.edit"], ["Alt Enter", "lines.key.split"], ["M", "lines.merge"], ["N", "lines.add"], ["Delete", "delete"], ["/", "lines.search"], ["Ctrl Z", "undo"]].map(([key, words]) => html`<dt><kbd>${key}</kbd></dt><dd>${t(words)}</dd>`)}</dl>`);
