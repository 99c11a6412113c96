// What stays around every page: the bar of pages, the line on top, light and dark, the language.
import { acts, hear, html, iconButton, icon, make, raw, remember, root, sign, t, tell } from "./dom.js";

const pages = ["speak", "voices", "productions", "subtitles", "batch", "transcribe", "takes", "models", "settings"];
const doc = document.documentElement;

/** The page that is open. */
export const here = () => doc.dataset.page;
/** What is open on it: the rest of the address, as `["id", "cast"]` of `#/productions/id/cast`. */
export const within = () => location.hash.slice(2).split("/").slice(1).map(decodeURIComponent);

/** Opens a page; the address remembers it, so that reload and the back button work. */
export function go(page) {
  if (location.hash === "#/" + page) show(page); else location.hash = "#/" + page;
}

function show(address) {
  let page = address.split("/")[0];
  if (!pages.includes(page)) page = "speak";
  doc.dataset.page = page;
  document.title = t("nav." + page) + " · " + t("app.name");
  for (const link of document.querySelectorAll("#nav a"))
    link.dataset.page === page ? link.setAttribute("aria-current", "page") : link.removeAttribute("aria-current");
  const turned = doc.dataset.inside !== address.split("/").slice(0, 2).join("/");
  doc.dataset.inside = address.split("/").slice(0, 2).join("/");
  tell("page", page);
  if (turned) window.scrollTo(0, 0);
}

const themes = ["auto", "light", "dark"];
const themeIcons = { auto: "system", light: "sun", dark: "moon" };
function nextTheme(button) {
  const next = themes[(themes.indexOf(localStorage.getItem("timbre-theme") || "auto") + 1) % 3];
  localStorage.setItem("timbre-theme", next);
  window.TIMBRE.paint();
  paintTheme(button);
  tell("theme");
}
function paintTheme(button) {
  const chosen = localStorage.getItem("timbre-theme") || "auto";
  button.innerHTML = icon(themeIcons[chosen]);
  button.title = t("settings.theme") + ": " + t("theme." + chosen);
  button.setAttribute("aria-label", button.title);
  button.dataset.chosen = chosen;
}

/** Switches the language: remembered in a cookie, so that the server knows it, and shown by loading the page anew. */
export function speakTo(reader) {
  document.cookie = `${window.TIMBRE.cookie}=${reader}; path=${root || "/"}; max-age=31536000; SameSite=Lax`;
  location.reload();
}

export function build() {
  const other = window.TIMBRE.language === "zh" ? "en" : "zh";
  document.body.append(
    make(html`<nav id="nav" aria-label="${t("nav.label")}"><a class="mark" href="#/speak" aria-label="${t("app.name")}">${raw(logo)}</a>
      ${pages.map((page) => html`<a href="#/${page}" data-page="${page}" id="nav-${page}">${sign(page)}<span>${t("nav." + page)}</span></a>`)}</nav>`),
    make(html`<header id="top"><strong class="app-name">${t("app.name")}</strong>
      <button type="button" id="running" class="link" data-act="running" hidden></button><span class="stretch"></span>
      ${window.TIMBRE.forced ? "" : html`<button type="button" class="quiet" id="language" data-act="language" lang="${other}">${sign("language")}<span>${t("language.other")}</span></button>`}
      ${iconButton("theme", "system", "", 'id="theme"')}</header>`),
    make(html`<div id="notices" aria-live="polite"></div>`),
  );
  const top = document.getElementById("top");
  acts(top, {
    language: () => speakTo(other),
    theme: nextTheme,
    running: () => go(runningPage),
  });
  paintTheme(document.getElementById("theme"));
  addEventListener("hashchange", () => show(location.hash.slice(2)));
  show(location.hash.slice(2) || "speak");
}

let runningPage = "speak";
const runs = new Map();
/** The line on top: what is running, one thing at a time, and how many more. */
hear("running", ({ key, text, page }) => {
  text ? runs.set(key, { text, page }) : runs.delete(key);
  const line = document.getElementById("running");
  const [first] = runs.values();
  line.hidden = !first;
  if (!first) return;
  runningPage = first.page;
  line.textContent = first.text + (runs.size > 1 ? " " + t("running.more", { n: runs.size - 1 }) : "");
});

const logo = `<svg viewBox="0 0 32 32" width="28" height="28" aria-hidden="true"><g stroke="currentColor" stroke-width="2.4" stroke-linecap="round" fill="none"><path d="M6 14v4M11 10v12M16 5v22M21 11v10M26 14v4"/></g></svg>`;
export { remember };
