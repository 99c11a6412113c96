// What will be said: the text as written beside the text as spoken, what became of every mark, and the steps between.
import { escape, fill, html, options, raw, t } from "./dom.js";

const signs = { honoured: "done", approximated: "problem", ignored: "failure" };

/** Draws the server's plan; `plan` is null for an empty text. */
export function said(plan, desk) {
  const body = document.getElementById("said-body"), holder = document.getElementById("said");
  holder.hidden = !plan;
  if (!plan) return;
  const { notes = [], lines = [] } = plan.ok || {};
  document.getElementById("said-count").textContent = notes.length ? t("said.notes", { n: notes.length }) : "";
  if (!holder.open) return;
  const open = body.querySelector(".steps")?.open;
  fill(body, html`
    ${plan.error ? html`<p class="failure-text" id="said-failure">${plan.error.text}</p>` : ""}
    ${lines.length ? html`<div class="said-table" role="table" aria-label="${t("said.title")}">
      <div class="said-line said-head soft" role="row"><span role="columnheader">${t("said.written")}</span><span role="columnheader">${t("said.spoken")}</span></div>
      ${lines.map((line) => html`<div class="said-line" role="row"><span role="cell">${line.original}</span><span role="cell" class="${line.original.trim() === line.spoken.trim() ? "soft" : ""}">${marked(line.spoken)}</span></div>`)}
      ${plan.ok.more ? html`<p class="soft small">${t("said.more", { n: plan.ok.more })}</p>` : ""}</div>` : ""}
    ${notes.length ? html`<ul class="notes">${notes.map((n) => html`<li><code>${n.mark}</code><b class="how ${signs[n.how]}">${t("how." + n.how)}</b><span class="soft">${n.note}${n.place ? html` <span class="place">· ${n.place}</span>` : ""}</span></li>`)}</ul>` : ""}
    <details class="steps" ${raw(open ? "open" : "")}><summary>${t("said.steps")}</summary><div class="step-list">
      ${desk.studio().steps.map((step) => stepRow(step, desk.settings().steps?.[step.id]))}</div></details>`);
}
const marked = (text) => raw(escape(text).replace(/\[[^\]\n]{1,60}\]/g, (mark) => `<mark>${mark}</mark>`));

function stepRow(step, chosen) {
  const value = chosen === undefined ? step.default : chosen;
  if (step.choices.length) return html`<label class="check" title="${step.help}"><span>${step.label}</span><select data-step="${step.id}" id="step-${step.id}">${options(step.choices, value)}</select></label>`;
  return html`<label class="check" title="${step.help}"><input type="checkbox" data-step="${step.id}" id="step-${step.id}" ${raw(value ? "checked" : "")}>${step.label}</label>`;
}
