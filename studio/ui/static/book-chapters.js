// The chapters that were found in a manuscript, to arrange before they become a script: read or not, named, joined, split.
import { ask, fill, html, iconButton, raw, t } from "./dom.js";

const SHOWN = 100; // paragraphs of a chapter at which it may be split; the others are found by their words
let book, server, complain;
let cuts = {}; // place of a section -> paragraph that begins another chapter -> its title
let openings = {}; // place of a section -> [[paragraph, how it begins, the title that it suggests]]

/** The list, for the page that draws the form of `found`. */
export function shown(found) {
  [book, cuts, openings] = [found, {}, {}];
  return html`<fieldset class="found"><legend>${t("book.chapters", { n: found.chapters.length })}</legend><ol class="chapters" id="book-chapters">${found.chapters.map(row)}</ol></fieldset>`;
}
/** What its buttons do; `failure` gives the place for complaints. */
export function acting(part, failure) {
  [server, complain] = [part.server, failure];
  part.element.addEventListener("input", ({ target }) => {
    if (target.matches(".split-find")) offer(target.closest("li"));
    if (target.matches(".cut-title")) cuts[place(target)][target.dataset.paragraph] = target.value.trim();
  });
  return { join, split, cut, uncut };
}
/** What was changed in it. */
export function arranged() {
  const rows = [...document.querySelectorAll("#book-chapters > li")], titles = {};
  for (const one of rows) {
    const title = one.querySelector(".chapter-title").value.trim();
    if (title !== book.chapters[one.dataset.place].title.trim()) titles[one.dataset.place] = title;
  }
  return { titles, cuts, joined: rows.filter((one) => one.classList.contains("joined")).map((one) => one.dataset.place) };
}

/** A chapter: read or not, under its own title, by itself or as part of the one before, whole or in pieces. */
const row = (c, n) => html`<li data-place="${n}"><div class="chapter-choice"><label class="tick"><input type="checkbox" name="section" value="${n}" aria-label="${t("book.chapter.read", { title: c.title || t("lines.untitled") })}" ${raw(c.chosen ? "checked" : "")}></label>
  <span><input class="chapter-title" maxlength="200" value="${c.title}" placeholder="${t("lines.untitled")}" aria-label="${t("book.chapter.title", { n: n + 1 })}">${c.kind ? html` <span class="tag">${c.kind}</span>` : ""}<span class="soft small chapter-excerpt">${c.excerpt}</span></span><span class="soft small">${c.length}</span>
  <span class="chapter-acts">${n ? html`<button type="button" class="quiet chapter-act" data-act="join" aria-pressed="false" title="${t("book.chapter.join.help")}">${t("book.chapter.join")}</button>` : ""}
    ${c.splits ? html`<button type="button" class="quiet chapter-act" data-act="split" aria-expanded="false" title="${t("book.chapter.split.help")}">${t("book.chapter.split")}</button>` : ""}</span></div>
  <ul class="cuts"></ul><div class="splitter" hidden></div></li>`;
const place = (inside) => inside.closest("li[data-place]").dataset.place;

function join(button) {
  const pressed = button.getAttribute("aria-pressed") !== "true", one = button.closest("li");
  button.setAttribute("aria-pressed", pressed);
  one.classList.toggle("joined", pressed);
  one.querySelector(".chapter-title").disabled = pressed;
}
/** Open or close the paragraphs of a chapter. */
async function split(button) {
  const one = button.closest("li"), holder = one.querySelector(".splitter"), n = place(one);
  openings[n] ??= await ask(server.book_section, { ...book.source, section: n }, complain());
  if (!openings[n]) return;
  holder.hidden = !holder.hidden;
  button.setAttribute("aria-expanded", !holder.hidden);
  if (holder.hidden) return;
  fill(holder, html`<input type="search" class="split-find" placeholder="${t("book.split.find")}" aria-label="${t("book.split.find")}"><div class="split-places"></div>`);
  offer(one);
  holder.querySelector("input").focus();
}
/** The paragraphs that have the words that are looked for. */
function offer(one) {
  const n = place(one), words = one.querySelector(".split-find").value.trim().toLowerCase();
  const found = openings[n].filter(([, text]) => text.toLowerCase().includes(words)), more = found.length - SHOWN;
  fill(one.querySelector(".split-places"), html`${found.slice(0, SHOWN).map(([paragraph, text]) => html`<button type="button" class="split-place" data-act="cut" data-paragraph="${paragraph}" aria-pressed="${String(paragraph in (cuts[n] ?? {}))}">${text}</button>`)}
    ${more > 0 ? html`<p class="soft small">${t("book.split.more", { n: more })}</p>` : ""}${found.length ? "" : html`<p class="soft small">${t("book.split.none")}</p>`}`);
}
/** Begin a chapter at a paragraph, or no longer. */
function cut(button) {
  const n = place(button), { paragraph } = button.dataset, had = cuts[n] && paragraph in cuts[n];
  if (had) return uncut(button);
  (cuts[n] ??= {})[paragraph] = openings[n].find(([at]) => String(at) === paragraph)[2];
  paint(button.closest("li[data-place]"));
}
function uncut(button) {
  const n = place(button), one = button.closest("li[data-place]");
  delete cuts[n][button.dataset.paragraph];
  if (!Object.keys(cuts[n]).length) delete cuts[n];
  paint(one);
}
/** The chapters that begin within one, and which paragraphs those are. */
function paint(one) {
  const n = place(one), mine = cuts[n] ?? {};
  fill(one.querySelector(".cuts"), html`${openings[n].filter(([at]) => at in mine).map(([at, text]) => html`<li><span><input class="chapter-title cut-title" maxlength="200" data-paragraph="${at}" value="${mine[at]}" placeholder="${t("lines.untitled")}" aria-label="${t("book.split.title")}"><span class="soft small chapter-excerpt">${text}</span></span>${iconButton("uncut", "close", t("book.split.remove"), `data-paragraph="${at}"`)}</li>`)}`);
  for (const button of one.querySelectorAll(".split-place")) button.setAttribute("aria-pressed", button.dataset.paragraph in mine);
}
