// One row of the desk: a control as its engine declares it. A changed one shows a dot that puts it back.
import { html, options, raw, t } from "./dom.js";

/** Whether `value` differs from what the control would be untouched. */
export const changed = (control, base, value) => value !== undefined && value !== base;

const round = (value) => Math.round(value * 1e6) / 1e6;
/** The step of a slider: as declared, else a hundredth of a readable range. */
function stepOf(control) {
  if (control.step) return control.step;
  if (control.kind === "integer") return 1;
  return round(Math.pow(10, Math.floor(Math.log10((control.high - control.low) / 50))));
}

/** `base` is the value without a change, `value` the change if there is one; `scope` tells apart rows of one name. */
export function controlRow(control, base, value, scope = "") {
  const now = value === undefined ? base : value;
  const id = "control-" + scope + control.name;
  const reset = html`<button type="button" class="reset" data-act="reset" aria-label="${t("control.reset", { name: control.label })}" title="${t("control.reset", { name: control.label })}" ${raw(changed(control, base, value) ? "" : "hidden")}></button>`;
  const label = html`<button type="button" class="control-label" data-act="help" aria-expanded="false" aria-controls="${id}-help" title="${control.help}">${control.label}</button>`;
  const help = html`<p class="control-help" id="${id}-help" hidden>${control.help}</p>`;
  return html`<div class="control control-${control.kind}" data-control="${control.name}">
    <div class="control-head">${label}${reset}<span class="stretch"></span>${beside(control, now, id)}</div>${below(control, now, id)}${help}</div>`;
}

function beside(control, now, id) {
  const named = raw(`aria-label="${control.label.replace(/"/g, "&quot;")}"`);
  if (control.kind === "switch") return html`<label class="tick"><input type="checkbox" role="switch" id="${id}" ${named} ${raw(now ? "checked" : "")}></label>`;
  if (control.kind === "choice") return html`<select id="${id}" ${named}>${options(control.choices, now)}</select>`;
  if (control.kind === "text") return "";
  return html`<input type="number" class="number" id="${id}" ${named} min="${control.low}" max="${control.high}" step="any" value="${now}">
    ${control.unit ? html`<span class="soft unit">${control.unit}</span>` : ""}`;
}
function below(control, now, id) {
  if (control.kind === "text") return html`<input type="text" id="${id}" aria-label="${control.label}" maxlength="${control.high}" value="${now}">`;
  if (control.kind !== "number" && control.kind !== "integer") return "";
  return html`<input type="range" aria-label="${control.label}" tabindex="-1" min="${control.low}" max="${control.high}" step="${stepOf(control)}" value="${now}">`;
}
