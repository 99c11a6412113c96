// The map of voices: points that lie near each other sound alike. Groups differ by shape as well as by colour.
import { fill, html, raw, t } from "./dom.js";

const WIDEST = 760, NARROWEST = 300, EDGE = 18, SIZE = 6;
// A shape for each group, drawn around (0, 0): circle, square, triangle, diamond, cross, star, ring.
const shapes = [
  `<circle r="${SIZE}"/>`,
  `<rect x="-5.5" y="-5.5" width="11" height="11"/>`,
  `<path d="M0-7.500 6.800 5-6.800 5Z"/>`,
  `<path d="M0-8 7 0 0 8-7 0Z"/>`,
  `<path d="M-2.200-7h4.400v4.800h4.800v4.400h-4.800v4.800h-4.400v-4.800h-4.800v-4.400h4.800Z"/>`,
  `<path d="M0-8 2.200-2.500 8-2.500 3.400 1.200 5 7 0 3.600-5 7-3.400 1.200-8-2.500-2.200-2.500Z"/>`,
  `<path fill-rule="evenodd" d="M0-7a7 7 0 1 0 0 14a7 7 0 1 0 0-14ZM0-3.500a3.500 3.500 0 1 1 0 7a3.500 3.500 0 1 1 0-7Z"/>`,
];
const shape = (group) => raw(shapes[group % shapes.length]);

/** Draws `{points: [[id, name, x, y, group, hertz]], groups, shown, total}` into `place`; `chosen(id)` is told of a choice. */
export function draw(place, told, chosen) {
  const WIDE = Math.max(NARROWEST, Math.min(WIDEST, place.clientWidth)), HIGH = Math.round(WIDE * (WIDE < 500 ? 0.95 : 0.62)); // points stay as large as a finger wants them
  const across = (x) => EDGE + ((x + 1) / 2) * (WIDE - 2 * EDGE), down = (y) => EDGE + ((1 - y) / 2) * (HIGH - 2 * EDGE);
  fill(place, html`<p class="soft small">${t("map.help")} ${t("map.shown", { n: told.points.length, share: Math.round(told.shown * 100) })} ${told.total > told.points.length ? t("map.some", { n: told.points.length, total: told.total }) : ""}</p>
    <div class="map-frame"><svg viewBox="0 0 ${WIDE} ${HIGH}" role="listbox" aria-label="${t("survey.map")}" tabindex="0">
      <path class="map-axes" d="M${WIDE / 2} ${EDGE}V${HIGH - EDGE}M${EDGE} ${HIGH / 2}H${WIDE - EDGE}"/>
      ${told.points.map(([id, name, x, y, group, hertz], n) => html`<g class="point group-${group}" role="option" aria-selected="false" aria-label="${name}" id="point-${n}" data-id="${id}" data-n="${n}" transform="translate(${across(x).toFixed(1)} ${down(y).toFixed(1)})"><circle class="halo" r="14"/>${shape(group)}<title>${name}${hertz ? ` · ${hertz} Hz` : ""}</title></g>`)}
    </svg><div class="map-name" hidden></div></div>
    <ul class="map-groups">${told.groups.map((group, n) => html`<li><svg viewBox="-10 -10 20 20" width="18" height="18" aria-hidden="true" class="point group-${n}">${shape(n)}</svg><span><b>${t("map.group", { n: n + 1 })}</b> <span class="soft">${group.pitch ? t("map.group.facts", { count: group.count, hz: group.pitch, name: group.nearest }) : t("map.group.plain", { count: group.count, name: group.nearest })}</span></span></li>`)}</ul>`);
  const svg = place.querySelector("svg"), name = place.querySelector(".map-name");
  let at = -1;
  const label = (point) => {
    const [, title, x, y] = told.points[point];
    name.hidden = false;
    name.textContent = title;
    name.style.setProperty("--x", (across(x) / WIDE) * 100 + "%");
    name.style.setProperty("--y", (down(y) / HIGH) * 100 + "%");
    name.classList.toggle("below", down(y) < 48);
  };
  const choose = (n) => {
    svg.querySelector("[aria-selected=true]")?.setAttribute("aria-selected", "false");
    at = n;
    const point = svg.querySelector(`[data-n="${n}"]`);
    point.setAttribute("aria-selected", "true");
    point.parentNode.append(point); // above those that it hides behind
    svg.setAttribute("aria-activedescendant", point.id);
    label(n);
    chosen(told.points[n][0]);
  };
  svg.addEventListener("click", (event) => {
    const near = nearest(svg, told, event, across, down, WIDE);
    if (near >= 0) choose(near);
  });
  svg.addEventListener("pointerover", (event) => { const point = event.target.closest(".point"); if (point) label(Number(point.dataset.n)); });
  svg.addEventListener("pointerleave", () => { if (at < 0) name.hidden = true; else label(at); });
  svg.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    choose((at + step + told.points.length) % told.points.length);
  });
}
/** The point nearest to a click, within a finger's breadth; -1 where there is none. */
function nearest(svg, told, event, across, down, wide) {
  const frame = svg.getBoundingClientRect(), scale = wide / frame.width;
  const x = (event.clientX - frame.left) * scale, y = (event.clientY - frame.top) * scale;
  let best = -1, least = 22 * scale;
  told.points.forEach((point, n) => {
    const distance = Math.hypot(across(point[2]) - x, down(point[3]) - y);
    if (distance < least) [best, least] = [n, distance];
  });
  return best;
}
