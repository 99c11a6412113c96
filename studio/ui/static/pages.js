// The foot of a list: where one is, and the way to the next page.
import { html, raw, t } from "./dom.js";

/** Buttons `data-act="turn" data-to="page"` for a list `{page, pages, total}`; nothing when all fits on one page. */
export function foot({ page, pages, total }) {
  if (pages <= 1) return "";
  return html`<div class="page-foot"><button type="button" class="button" data-act="turn" data-to="${page - 1}" ${raw(page > 1 ? "" : "disabled")}>${t("list.before")}</button>
    <span>${t("list.place", { page, pages, total })}</span>
    <button type="button" class="button" data-act="turn" data-to="${page + 1}" ${raw(page < pages ? "" : "disabled")}>${t("list.next")}</button></div>`;
}
