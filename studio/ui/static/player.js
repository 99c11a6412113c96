// The player at the bottom: it stays when pages change and plays either a running performance or a finished take.
import { acts, clock, hear, html, icon, iconButton, make, notice, options, remember, root, sign, t, tell } from "./dom.js";
import { Live } from "./live.js";
import { draw } from "./wave.js";

const audio = new Audio();
audio.preload = "auto";
let live = null; // a performance, while it is one
let track = null; // {title, facts, digest, seconds}
let peaks = [];
let bar, canvas;
const state = { speed: Number(remember.get("speed", 1)) };

const playing = () => (live ? live.playing : !audio.paused && !audio.ended);
const time = () => (live ? live.time : audio.currentTime);
const length = () => (live ? live.seconds : (Number.isFinite(audio.duration) && audio.duration) || track?.seconds || 0);

export function build(formats) {
  bar = make(html`<section id="player" aria-label="${t("player.label")}" hidden>
    <div class="transport">
      ${iconButton("back", "back", t("player.back"))}
      <button type="button" class="round" id="player-play" data-act="toggle" aria-label="${t("player.play")}" title="${t("player.play")}">${sign("play")}</button>
      ${iconButton("ahead", "ahead", t("player.ahead"))}
    </div>
    <canvas id="player-wave" role="slider" tabindex="0" aria-label="${t("player.place")}" aria-valuemin="0"></canvas>
    <div class="player-time" id="player-time">0:00 / 0:00</div>
    <div class="player-name"><div id="player-title"></div><div id="player-facts" class="soft"></div></div>
    <label class="player-speed"><span class="hidden-label">${t("player.speed")}</span><select id="player-speed" title="${t("player.speed")}">
      ${options([0.75, 1, 1.25, 1.5, 2].map((n) => [n, n + "×"]), state.speed)}</select></label>
    <div class="player-acts">
      ${iconButton("star", "star", t("take.star"), 'id="player-star" aria-pressed="false"')}
      <label><span class="hidden-label">${t("player.format")}</span><select id="player-format" title="${t("player.format")}">${options(formats.map((f) => [f.id, f.label]), remember.get("format", "wav"))}</select></label>
      <a class="icon-button" id="player-download" aria-label="${t("player.download")}" title="${t("player.download")}" download>${sign("download")}</a>
      <button type="button" class="quiet" data-act="recipe" id="player-recipe">${sign("recipe")}<span>${t("player.recipe")}</span></button>
    </div></section>`);
  document.body.append(bar);
  canvas = bar.querySelector("canvas");
  acts(bar, {
    toggle, back: () => seek(time() - 5), ahead: () => seek(time() + 5),
    star: () => track?.digest && tell("star", { digest: track.digest, starred: !track.starred }),
    recipe: () => track?.digest && tell("recipe", track.digest),
  });
  canvas.addEventListener("pointerdown", (event) => seek((event.offsetX / canvas.clientWidth) * length()));
  canvas.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -5, ArrowRight: 5 }[event.key];
    if (step) { event.preventDefault(); seek(time() + step); }
  });
  bar.querySelector("#player-speed").addEventListener("change", (event) => {
    state.speed = Number(event.target.value);
    remember.set("speed", state.speed);
    settle();
    audio.playbackRate = state.speed;
  });
  bar.querySelector("#player-format").addEventListener("change", (event) => { remember.set("format", event.target.value); paint(); });
  for (const name of ["play", "pause", "ended", "timeupdate", "loadedmetadata"]) audio.addEventListener(name, paint);
  audio.addEventListener("error", () => track && audio.src && notice(t("player.broken"), { kind: "failure" }));
  addEventListener("resize", paint);
  hear("theme", paint);
  hear("starred", ({ digest, starred }) => { if (track?.digest === digest) { track.starred = starred; paint(); } });
  (function tick() { if (playing()) paint(); requestAnimationFrame(tick); })();
}

/** The address under which a take is loaded in a format. */
export const address = (digest, format, extra = "") => `${root}/takes/${digest}.${format}${extra}`;

function show(next) {
  track = next;
  bar.hidden = false;
  document.documentElement.dataset.player = "on";
}

/** Plays a performance from its first piece on. `told` gives its title; resolves with it when all has arrived. */
export async function perform(stream, told, { auto = true } = {}) {
  quiet();
  const mine = (live = new Live(stream, (what) => { if (live === mine) { paint(); if (what === "ended") settle(); } }));
  peaks = mine.peaks;
  show(told);
  mine.playing = false;
  const arrived = mine.receive();
  if (auto) begin(mine);
  paint();
  try { await arrived; } catch (error) { if (error.name !== "AbortError") throw error; }
  return mine;
}
/** Starts as soon as the first piece is there. */
function begin(mine) {
  if (live !== mine) return;
  if (mine.frames) mine.play(0);
  else if (!mine.complete) setTimeout(() => begin(mine), 5);
}

/** The running performance became this take: from now on it can be loaded, starred and sought in. */
export function finished(told) {
  if (!track) return;
  track = { ...track, ...told };
  audio.src = address(track.digest, "flac");
  paint();
}
/** From the live sound to the file, at the same place: the file can be played faster without a change of pitch. */
function settle() {
  if (!live || !track?.digest) return;
  const at = live.time, on = live.playing;
  live.drop();
  peaks = live.peaks.slice();
  live = null;
  audio.currentTime = at;
  audio.playbackRate = state.speed;
  if (on) audio.play().catch(() => paint());
  paint();
}

/** Plays a take of the library. */
export async function playTake(told, { auto = true } = {}) {
  quiet();
  show(told);
  peaks = [];
  audio.src = address(told.digest, "flac");
  audio.playbackRate = state.speed;
  if (auto) audio.play().catch(() => paint());
  paint();
  peaks = await peaksOf(told.digest);
  paint();
}
/** Loudness over time of a take, 0..1, for pictures. */
export async function peaksOf(digest) {
  const answer = await fetch(`${root}/takes/${digest}/peaks.json`);
  return answer.ok ? (await answer.json()).peaks : [];
}

/** Calls `work` whenever a take was heard to its end. */
export const whenOver = (work) => audio.addEventListener("ended", work);
/** The digest of what stands in the player. */
export const current = () => track?.digest || "";

/** Silence, at once. */
export function quiet() {
  if (live) { live.drop(); live = null; }
  audio.pause();
}
/** Ends a performance that is being stopped; what was heard can still be played. */
export const cut = () => live?.cut();

export function toggle() {
  if (live) live.playing ? live.pause() : live.play();
  else if (audio.paused) audio.play().catch(() => {});
  else audio.pause();
  paint();
}
function seek(to) {
  if (live) live.seek(to); else audio.currentTime = Math.max(0, Math.min(to, length()));
  paint();
}

function paint() {
  if (!bar || bar.hidden || !track) return;
  const on = playing(), button = bar.querySelector("#player-play");
  if (button.dataset.on !== String(on)) {
    button.dataset.on = on;
    button.innerHTML = icon(on ? "pause" : "play");
    button.setAttribute("aria-label", t(on ? "player.pause" : "player.play"));
    button.title = t(on ? "player.pause" : "player.play");
  }
  const whole = length();
  draw(canvas, peaks, whole ? time() / whole : 0);
  canvas.setAttribute("aria-valuemax", Math.round(whole));
  canvas.setAttribute("aria-valuenow", Math.round(time()));
  bar.querySelector("#player-time").textContent = clock(time()) + " / " + clock(whole);
  const title = bar.querySelector("#player-title");
  if (title.textContent !== track.title) title.textContent = track.title;
  bar.querySelector("#player-facts").textContent = track.facts || "";
  const format = bar.querySelector("#player-format").value;
  const link = bar.querySelector("#player-download");
  const ready = Boolean(track.digest);
  ready ? (link.href = address(track.digest, format, "?download=1")) : link.removeAttribute("href");
  for (const id of ["player-star", "player-recipe"]) bar.querySelector("#" + id).disabled = !ready;
  bar.querySelector("#player-star").setAttribute("aria-pressed", Boolean(track.starred));
}
