// The few words that every page uses: text in the reader's language, safe markup, questions to the server, notices.
import { icon } from "./icons.js";
export { icon };

const told = window.TIMBRE;
export const language = told.language;
export const root = told.root;

/** The text called `key`, with `{name}` filled from `values`, and `{name:line|lines}` by the first word for 1, else the
 * second. A key that does not exist shows itself: a test finds it. */
export function t(key, values = {}) {
  const text = told.words[key] ?? key;
  return text.replace(/\{(\w+)(?::([^{}|]*)\|([^{}|]*))?\}/g, (_, name, one, many) => {
    const value = String(values[name] ?? "");
    return many === undefined ? value : value === "1" ? one : many;
  });
}

const marks = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
export const escape = (text) => String(text ?? "").replace(/[&<>"']/g, (c) => marks[c]);

class Safe {
  constructor(text) { this.text = text; }
  toString() { return this.text; }
}
/** Markup that is already safe. */
export const raw = (text) => new Safe(text);
const part = (value) => {
  if (value instanceof Safe) return value.text;
  if (Array.isArray(value)) return value.map(part).join("");
  return value === false || value === null || value === undefined ? "" : escape(value);
};
/** A template whose values are escaped, except what `raw` or `html` made. */
export const html = (texts, ...values) =>
  raw(texts.map((text, n) => text + (n < values.length ? part(values[n]) : "")).join(""));

/** The first element of `markup`. */
export function make(markup) {
  const holder = document.createElement("template");
  holder.innerHTML = String(markup).trim();
  return holder.content.firstElementChild;
}
export const fill = (element, markup) => { element.innerHTML = String(markup); };
export const sign = (name) => raw(icon(name));

/** A button that is only an icon: its name is read aloud and shown when hovered. */
export const iconButton = (act, name, label, extra = "") =>
  html`<button type="button" class="icon-button" data-act="${act}" aria-label="${label}" title="${label}" ${raw(extra)}>${sign(name)}</button>`;

/** Minutes and seconds; `1:02:03` above an hour. */
export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds || 0));
  const two = (n) => String(n).padStart(2, "0");
  const hours = Math.floor(whole / 3600);
  return (hours ? hours + ":" + two(Math.floor(whole / 60) % 60) : Math.floor(whole / 60)) + ":" + two(whole % 60);
}
/** A stretch of time in words: `9 s`, `4 min`, `1 h 20 min`. */
export function span(seconds) {
  if (seconds < 60) return t("time.seconds", { n: seconds < 10 ? Math.round(seconds * 10) / 10 : Math.round(seconds) });
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return t("time.minutes", { n: minutes });
  return t("time.hours", { h: Math.floor(minutes / 60), m: minutes % 60 });
}
export function size(bytes) {
  const units = ["B", "KB", "MB", "GB", "TB"];
  let n = 0;
  while (bytes >= 1000 && n < 4) { bytes /= 1000; n++; }
  return (n && bytes < 10 ? bytes.toFixed(1) : Math.round(bytes)) + " " + units[n];
}
export const day = (stamp) =>
  new Date(stamp).toLocaleString(told.locale, { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" });
export const later = (wait, work) => { let at; return (...given) => { clearTimeout(at); at = setTimeout(() => work(...given), wait); }; };

/**
 * Asks a function of the server. An error is shown where `place` is, or as a notice, and comes back as null. Where it
 * goes well, what stood there goes, unless it came while this was under way: then it is about something else. What
 * only looks takes no `place`, so that it wipes away no complaint.
 */
export async function ask(call, asked = {}, place = null) {
  const stood = place?.textContent;
  let answer;
  try {
    answer = await call(asked);
  } catch {
    answer = { error: { text: t("error.offline") } };
  }
  if (answer?.error || !answer || !("ok" in answer)) {
    const text = answer?.error?.text || t("error.offline");
    place ? complain(place, text) : notice(text, { kind: "failure" });
    return null;
  }
  if (place && place.textContent === stood) complain(place, "");
  return answer.ok;
}
/** Answers that do not overtake one another: `const inTurn = ordered()`, then `await inTurn(ask(…))` is `undefined` where a later question has its answer already. */
export function ordered() {
  let asked = 0, answered = 0;
  return async (answer) => {
    const mine = ++asked, got = await answer;
    if (mine < answered) return undefined;
    answered = mine;
    return got;
  };
}
/** Sends a file of the person's to one of the folders of the server; its ticket, or "" with the reason at `place`. */
export async function send(file, kind, place = null, name = file.name) {
  const headers = { "content-type": "application/octet-stream" };
  const sent = await ask(async () => (await fetch(`${root}/${kind}?name=${encodeURIComponent(name)}`, { method: "POST", body: file, headers })).json(), {}, place);
  return sent ? sent.upload : "";
}
/** Shows what went wrong where the hand is. */
export function complain(place, text) {
  place.hidden = !text;
  place.textContent = text;
}

/** Plays; what cannot be played is said at `place()`. Paused or closed before it began, it was not meant to be heard. */
export const sounds = (audio, place) => audio.play().catch((wrong) => { if (wrong.name !== "AbortError") complain(place(), t("hear.noplay")); });

/** A line at the bottom that goes by itself; `act` is one thing that can be done about it. */
export function notice(text, { kind = "", act = "", run = null, stay = kind === "failure" ? 12000 : 6000 } = {}) {
  const holder = document.getElementById("notices");
  const line = make(html`<div class="notice ${kind}" role="${kind === "failure" ? "alert" : "status"}"><span>${text}</span>
    ${act ? html`<button type="button" class="link" data-act="run">${act}</button>` : ""}${iconButton("close", "close", t("close"))}</div>`);
  const gone = setTimeout(() => line.remove(), stay);
  line.addEventListener("click", (event) => {
    const button = event.target.closest("[data-act]");
    if (!button) return;
    clearTimeout(gone);
    line.remove();
    if (button.dataset.act === "run") run();
  });
  if (kind === "failure") for (const same of holder.querySelectorAll(".failure")) if (same.textContent === line.textContent) same.remove(); // said once, however often it happens
  holder.append(line);
  while (holder.children.length > 4) holder.firstChild.remove();
}

/** A dialog with `body`; the promise gives the pressed button's value, "" when it was closed. */
export function dialog(title, body, buttons = [["ok", t("close"), ""]]) {
  const box = make(html`<dialog class="sheet"><form method="dialog"><header><h2>${title}</h2>
    <button class="icon-button" value="" aria-label="${t("close")}" title="${t("close")}" formnovalidate>${sign("close")}</button></header>
    <div class="sheet-body">${body}</div>
    <footer>${buttons.map(([value, label, kind]) => html`<button value="${value}" class="button ${kind}">${label}</button>`)}</footer></form></dialog>`);
  document.body.append(box);
  box.addEventListener("click", (event) => { if (event.target === box) box.close(""); });
  box.showModal();
  (box.querySelector("[autofocus]") || box.querySelector("footer button:last-child")).focus();
  return new Promise((done) => box.addEventListener("close", () => {
    const values = Object.fromEntries(new FormData(box.querySelector("form")));
    box.remove();
    done({ pressed: box.returnValue, values });
  }));
}

/** Runs the function named by the nearest `data-act` of a click inside `element`. */
export function acts(element, table) {
  element.addEventListener("click", (event) => {
    const button = event.target.closest("[data-act]");
    if (button && element.contains(button) && table[button.dataset.act] && !button.disabled) table[button.dataset.act](button, event);
  });
}
/** A drop-down's options: pairs of value and label. */
export const options = (pairs, chosen) =>
  pairs.map(([value, label]) => html`<option value="${value}" ${raw(String(value) === String(chosen) ? "selected" : "")}>${label}</option>`);

/** Leaving the tab may not lose what was typed. */
export const remember = {
  get(key, otherwise) { try { return JSON.parse(localStorage.getItem("timbre-" + key)) ?? otherwise; } catch { return otherwise; } },
  set(key, value) { try { localStorage.setItem("timbre-" + key, JSON.stringify(value)); } catch { /* private window: nothing is kept */ } },
};
/** Small signals between the pages: `tell("takes")`, `hear("takes", again)`. */
const bus = new EventTarget();
export const tell = (name, detail) => bus.dispatchEvent(new CustomEvent(name, { detail }));
export const hear = (name, work) => bus.addEventListener(name, (event) => work(event.detail));
