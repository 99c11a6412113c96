// Cues on a time ruler: slots as outlines in a lane for each speaker, speech as blocks in them, colour only where it does not fit.
import { clock, fill, html, t } from "./dom.js";

const SEEN = 40; // seconds that are seen at once, at most
const LANE = 26, TOP = 18, WIDTH = 1000;

/** Draws `strip` ([line, start, end, heard until, speaker, flag]) into `box` around `middle` seconds; the whole lies above it. */
export function draw(box, strip, middle, chosen, flags) {
  const whole = Math.max(1, ...strip.map((c) => Math.max(c[2], c[3] || 0)));
  const span = Math.min(SEEN, whole + 1), from = Math.max(0, Math.min(middle - span / 2, whole + 1 - span)), to = from + span;
  const speakers = [...new Set(strip.map((c) => c[4]))].slice(0, 8), height = TOP + LANE * Math.max(1, speakers.length) + 4;
  const x = (s) => (WIDTH * (s - from)) / span, all = (s) => (WIDTH * s) / whole;
  const seen = strip.map((c, n) => [c, n]).filter(([c]) => Math.max(c[2], c[3] || 0) >= from && c[1] <= to);
  const lane = (c) => TOP + LANE * Math.max(0, speakers.indexOf(c[4]));
  const step = 5, ticks = Array.from({ length: Math.ceil(span / step) + 1 }, (_, n) => (Math.floor(from / step) + n) * step).filter((s) => s >= from && s <= to);
  box.classList.toggle("ruler-named", speakers.length > 1 || Boolean(speakers[0]));
  fill(box, html`<svg class="ruler-whole" viewBox="0 0 ${WIDTH} 12" preserveAspectRatio="none" role="img" aria-label="${t("dub.ruler")}" data-whole="${whole}">
      <rect class="ruler-window" x="${all(from)}" width="${Math.max(3, all(Math.min(to, whole)) - all(from))}" y="0" height="12"/>
      ${strip.filter((c) => c[5]).map((c) => html`<rect class="ruler-mark" x="${all(c[1])}" width="${Math.max(1.5, all(c[2]) - all(c[1]))}" y="3" height="6"/>`)}</svg>
    <svg class="ruler-near" viewBox="0 0 ${WIDTH} ${height}" style="height:${height}px" preserveAspectRatio="none" data-from="${from}">
      ${ticks.map((s) => html`<line class="ruler-tick" x1="${x(s)}" x2="${x(s)}" y1="${TOP - 4}" y2="${height}"/>`)}
      ${seen.map(([c, n]) => html`<g class="ruler-cue ${c[5] ? "ruler-wrong" : ""} ${c[0] === chosen ? "ruler-chosen" : ""}" data-line="${c[0]}">
        <title>${t("dub.ruler.cue", { n: n + 1, time: clock(c[1]) })}${c[5] ? " · " + flags[c[5]] : ""}</title>
        <rect class="ruler-slot" x="${x(c[1])}" width="${Math.max(2, x(c[2]) - x(c[1]))}" y="${lane(c) + 2}" height="${LANE - 6}" rx="3"/>
        ${c[3] === null ? "" : html`<rect class="ruler-speech" x="${x(c[1])}" width="${Math.max(1, x(c[3]) - x(c[1]))}" y="${lane(c) + 6}" height="${LANE - 14}" rx="2"/>`}</g>`)}</svg>
    <div class="ruler-times soft small" aria-hidden="true">${ticks.filter((_, n) => n % 2 === 0).map((s) => html`<span style="left:${((s - from) / span) * 100}%">${clock(s)}</span>`)}</div>
    <div class="ruler-names soft small" style="top:${12 + TOP + 6}px">${speakers.length > 1 || speakers[0] ? speakers.map((name) => html`<span style="height:${LANE}px">${name || t("dub.unnamed")}</span>`) : ""}</div>`);
  return { from, to, whole };
}
/** Seconds that a press on the picture of the whole means. */
export function pressed(event) {
  const svg = event.target.closest(".ruler-whole");
  if (!svg) return null;
  const box = svg.getBoundingClientRect();
  return ((event.clientX - box.left) / box.width) * Number(svg.dataset.whole);
}
