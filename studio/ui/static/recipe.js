// What a take was made of, shown as facts; and the two things every page may do with a take: star it, load its recipe.
import { ask, dialog, hear, html, t, tell } from "./dom.js";

/** `part` offers `take_facts`, `star_take`. */
export function mountKeeper(part) {
  hear("star", async ({ digest, starred }) => {
    const done = await ask(part.server.star_take, { digest, starred });
    if (done) tell("starred", { digest, starred });
  });
  hear("recipe", async (digest) => {
    const told = await ask(part.server.take_facts, { digest });
    if (!told) return;
    const answer = await dialog(t("recipe.title"), html`<p class="recipe-text">${told.text}</p>${facts(told.facts)}
      <details><summary>${t("recipe.whole")}</summary><pre class="recipe-json">${told.json}</pre></details>`,
      [...(told.listens ? [["listen", t("take.listen"), ""]] : []), ...(told.loadable ? [["load", t("recipe.load"), "primary"]] : [])]);
    if (answer.pressed === "load") tell("load", digest);
    if (answer.pressed === "listen") listen(part, digest);
  });
}

/** Hears a take again and shows where the words differ. */
async function listen(part, digest) {
  const heard = await ask(part.server.listen_take, { digest });
  if (!heard) return;
  const kinds = { same: "", wrong: "edit-wrong", missing: "edit-missing", added: "edit-added" };
  const edits = heard.edits.map(([kind, said, got]) => html` <span class="${kinds[kind]}">${said ? html`<span>${said}</span>` : ""}${kind !== "same" && got ? html`<ins>${got}</ins>` : ""}</span>`);
  tell("takes");
  await dialog(t("take.heard"), html`${heard.suspicion ? html`<p class="problem-text">${heard.suspicion}</p>` : ""}
    <p class="recipe-text heard-text">${heard.edits.length ? edits : heard.heard}</p>
    ${facts([...(heard.rate === null ? [] : [[t("fact.errors"), heard.rate + " %"]]), [t("fact.emotion"), heard.emotions.map(([, word, chance]) => `${word} ${chance} %`).join(" · ")]])}
    <p class="soft small legend">${t("take.heard.legend")}</p>`);
}

/** Pairs of label and value; a third entry marks what differs. */
export const facts = (rows) => html`<dl class="facts">${rows.map(([label, value, differs]) => html`<dt>${label}</dt><dd class="${differs ? "differs" : ""}">${value}</dd>`)}</dl>`;
