// Subtitles to download: of a finished file, or of a take, in every format.
import { html, root, t } from "./dom.js";

export const captionLinks = (where, formats) => (formats.length
  ? html`<div class="row caption-links"><span class="soft small">${t("captions.of")}</span>${formats.map(([id, label]) => html`<a class="quiet small" href="${root}/${where}.${id}" download title="${label}">${id.toUpperCase()}</a>`)}</div>`
  : "");
