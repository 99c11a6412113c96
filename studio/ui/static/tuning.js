// How a model is loaded, on its card: each setting a control that is kept at once and holds from the next load on.
import { ask, html, raw, remember, t } from "./dom.js";
import { controlRow } from "./controls.js";

/** The settings of one model as the server told them; nothing where it has none. */
export const tuning = (model) => (model.settings.length ? html`<details class="group tuning" data-tuning="${model.id}" ${raw(remember.get("tuning-" + model.id, 0) ? "open" : "")}>
  <summary>${t("tuning.title")}<span class="dot" ${raw(model.settings.some((one) => one.source !== "default") ? "" : "hidden")}></span></summary>
  <p class="soft small">${t("tuning.help")}</p><div class="controls">${rows(model.settings, model.id)}</div>
  <p class="failure-text" role="alert" hidden></p></details>` : "");
const rows = (settings, id) => settings.map((one) => html`<fieldset ${raw(one.source === "environment" ? "disabled" : "")}>${controlRow(one, one.default, one.source === "default" ? undefined : one.value, id + "-")}
  ${one.source === "environment" ? html`<p class="soft small">${t("tuning.environment", { name: one.variable })}</p>` : ""}</fieldset>`);

/** Lets the settings inside `body` be changed; `changed` draws them as they are then. */
export function wire(body, part, changed) {
  body.addEventListener("toggle", ({ target }) => { if (target.matches?.("[data-tuning]")) remember.set("tuning-" + target.dataset.tuning, target.open ? 1 : 0); }, true);
  body.addEventListener("change", ({ target }) => {
    const row = target.closest("[data-tuning] [data-control]");
    if (row) choose(row, ["number", "range"].includes(target.type) ? Number(target.value) : target.type === "checkbox" ? target.checked : target.value);
  });
  const choose = async (row, value) => {
    const box = row.closest("[data-tuning]"), id = box.dataset.tuning;
    const told = box.querySelector('[role="alert"]');
    if (!(await ask(part.server.tune, { id, name: row.dataset.control, value }, told))) return;
    const at = document.activeElement?.id;
    await changed(); // drawn once, so that nothing typed or told meanwhile is lost
    if (at) document.getElementById(at)?.focus();
  };
  return {
    reset: (button) => choose(button.closest("[data-control]"), null),
    help: (button) => {
      const text = button.closest("[data-control]").querySelector(".control-help");
      text.hidden = !text.hidden;
      button.setAttribute("aria-expanded", !text.hidden);
    },
  };
}
