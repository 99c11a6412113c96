// How one voice speaks, as small plots: stability as a strip of its takes, pitch and its span, pace, level.
import { ask, complain, fill, html, sign, span, t, tell } from "./dom.js";

const WIDE = 300, HIGH = 46;
const AXES = {
  pitch: { low: 55, high: 440, ticks: [60, 100, 150, 200, 300, 400], log: true },
  pace: { low: 1, high: 9, ticks: [2, 4, 6, 8] },
  level: { low: -45, high: -5, ticks: [-40, -30, -20, -10] },
};
const place = ({ low, high, log }) => (value) => {
  const at = log ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low);
  return 6 + Math.min(1, Math.max(0, at)) * (WIDE - 12);
};
const minus = (text) => String(text).replace("-", "−");

/** One value on its axis with a band around it. */
function axis(kind, value, from, to, title) {
  const scale = AXES[kind], x = place(scale);
  return html`<svg class="plot plot-${kind}" viewBox="0 0 ${WIDE} ${HIGH}" role="img" aria-label="${title}"><path class="plot-axis" d="M6 24H${WIDE - 6}"/>
    ${scale.ticks.map((tick) => html`<path class="plot-axis" d="M${x(tick).toFixed(1)} 24v4"/><text x="${x(tick).toFixed(1)}" y="41" text-anchor="middle">${minus(tick)}</text>`)}
    <rect class="plot-band" x="${x(from).toFixed(1)}" y="12" width="${Math.max(3, x(to) - x(from)).toFixed(1)}" height="12" rx="2"/><path class="plot-value" d="M${x(value).toFixed(1)} 7v17"/></svg>`;
}
/** A bar for each take, in the order of the tests; its height is how much it sounds like the voice as a whole. */
function strip(found) {
  const count = found.strip.length, step = (WIDE - 12) / Math.max(1, count + found.tests.length - 1);
  let x = 6, n = 0;
  const bars = [], names = [];
  for (const test of found.tests) {
    const begin = x;
    for (let left = test.takes; left--; x += step, n++) {
      const high = Math.max(2, Math.max(0, found.strip[n]) * 36);
      bars.push(html`<rect class="${found.strip[n] < 0.5 ? "odd" : ""}" x="${x.toFixed(1)}" y="${(40 - high).toFixed(1)}" width="${Math.max(2, step - 3).toFixed(1)}" height="${high.toFixed(1)}" rx="1.500"/>`);
    }
    names.push(html`<path class="plot-axis" d="M${begin.toFixed(1)} 43H${(x - 3).toFixed(1)}"/>`);
    x += step;
  }
  return html`<svg class="plot plot-strip" viewBox="0 0 ${WIDE} ${HIGH}" role="img" aria-label="${t("measure.strip")}">${bars}${names}</svg>`;
}
const percent = (n) => t("measure.percent", { n: Math.round(n * 100) });
const spread = (tests, name, mean) => {
  const known = tests.map((test) => test[name]).filter((pair) => pair.length);
  return [Math.min(mean, ...known.map(([middle, off]) => middle - off)), Math.max(mean, ...known.map(([middle, off]) => middle + off))];
};
const plot = (name, text, picture, more = "") => html`<div class="measure" data-measure="${name}"><span class="row"><b>${t("measure." + name)}</b><span class="stretch"></span><span>${text}</span></span>${picture}${more}</div>`;

/** Fills `box` with the plots of `found`, as `voice_measured` gives it. */
export function paint(box, found) {
  if (!found) return fill(box, "");
  const { pitch_hz: pitch, pitch_span: wide, pace, level_db: level, stability } = found;
  const half = 2 ** ((wide || 0) / 24);
  fill(box, html`<div class="measures">
    ${stability === null ? "" : plot("stability", percent(stability), strip(found), html`<ul class="tests soft small">${found.tests.map((test) => html`<li>${test.title}: ${test.similarity.length ? percent(test.similarity[0]) : "–"}</li>`)}</ul><p class="soft small">${t("measure.strip")}</p>`)}
    ${pitch === null ? plot("pitch", t("measure.nopitch"), "") : plot("pitch", Math.round(pitch) + " Hz", axis("pitch", pitch, pitch / half, pitch * half, `${Math.round(pitch)} Hz`), html`<p class="soft small">${t("measure.span", { n: (wide || 0).toFixed(1) })}${found.hint ? html`<br>${t("measure.hint", { text: found.hint })}` : ""}</p>`)}
    ${pace === null ? "" : plot("pace", t("measure.syllables", { n: pace.toFixed(1) }), axis("pace", pace, ...spread(found.tests, "pace", pace), t("measure.syllables", { n: pace.toFixed(1) })))}
    ${level === null ? "" : plot("level", minus(level.toFixed(1)) + " LUFS", axis("level", level, ...spread(found.tests, "level_db", level), `${minus(level.toFixed(1))} LUFS`))}
    </div><p class="soft small">${t("measure.facts", { language: found.language, encoder: found.encoder })}</p>`);
}

const running = new Map(); // voice -> job: a panel that is drawn anew follows it

/** The plots of a voice in `box`, with the button that measures it. */
export async function into(box, part, voice) {
  fill(box, html`<div class="plots"></div><p class="failure-text" role="alert" hidden></p><div class="measure-work"></div>`);
  const plots = box.querySelector(".plots"), work = box.querySelector(".measure-work"), failure = box.querySelector(".failure-text");
  let found = null;
  const look = async () => {
    found = (await ask(part.server.voice_measured, { id: voice.id }, failure))?.measured ?? found;
    paint(plots, found);
    fill(work, html`<button type="button" class="button" data-measure-act="begin">${sign("measure")}${found ? t("measure.again") : t("measure.begin")}</button><p class="soft small">${t("measure.help")}</p>`);
  };
  const follow = async () => {
    const job = running.get(voice.id);
    let now;
    do {
      now = await ask(part.server.measure_done, { job }, failure);
      if (now?.waiting) fill(work, html`<div class="progress-line"><progress max="1" value="${now.progress}" aria-label="${t("survey.measuring")}"></progress><span class="soft">${now.seconds_left === null ? "" : t("speak.left", { time: span(now.seconds_left) })}</span><button type="button" class="button small-button" data-measure-act="stop">${t("stop")}</button></div>`);
    } while (now?.waiting && box.isConnected);
    if (!box.isConnected) return;
    running.delete(voice.id);
    if (now) tell("measured");
    look();
  };
  box.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-measure-act]");
    if (button?.dataset.measureAct === "stop") ask(part.server.survey_stop, { job: running.get(voice.id) });
    if (button?.dataset.measureAct !== "begin") return;
    complain(failure, "");
    button.disabled = true;
    const begun = await ask(part.server.measure_begin, { id: voice.id }, failure);
    if (!begun) return look();
    running.set(voice.id, begun.job);
    follow();
  });
  await look();
  if (running.has(voice.id)) follow();
}
