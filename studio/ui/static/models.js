// Every engine: what it is for, whether it is ready, its size and its licences in plain words.
import { ask, fill, hear, html, sign, t } from "./dom.js";
import { here } from "./frame.js";
import { facts } from "./recipe.js";

let part, body;
export function mount(given) {
  part = given;
  body = part.element.querySelector(".part-models");
  fill(body, html`<div class="page-head"><h1>${t("nav.models")}</h1></div><div id="model-list"></div>`);
  hear("page", (page) => { if (page === "models") show(); });
  if (here() === "models") show();
}
async function show() {
  const models = await ask(part.server.models_shown);
  if (models) fill(body.querySelector("#model-list"), html`${models.map((m) => html`<article class="model" data-engine="${m.id}">
    <div class="model-head"><b>${m.title}</b><span class="state state-${m.state}">${m.word}</span></div>
    <p>${m.about}</p>${m.note ? html`<p class="problem-text">${m.note}</p>` : ""}${m.command ? html`<p><code>${m.command}</code></p>` : ""}${facts(m.facts)}</article>`)}`);
}
