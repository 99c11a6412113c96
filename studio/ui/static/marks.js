// The buttons that put marks into the text: at the caret, or around what is selected.
import { html, t } from "./dom.js";

export const bar = (marks) => html`<div class="mark-bar" role="toolbar" aria-label="${t("speak.marks")}">
  ${marks.map((m) => html`<button type="button" class="quiet mark-button" data-act="mark" data-mark="${m.name}" title="${m.help}">${m.label}</button>`)}</div>`;

/** Inserts `mark` into `box`: around what is selected, which stays so, or behind it. No text is replaced. */
export function put(box, mark) {
  const from = box.selectionStart, to = box.selectionEnd, inside = box.value.slice(from, to);
  box.focus();
  if (mark.wraps) {
    box.setRangeText(mark.open + inside + mark.close, from, to, "end");
    box.setSelectionRange(from + mark.open.length, from + mark.open.length + inside.length);
  } else box.setRangeText(mark.open, to, to, "end");
  box.dispatchEvent(new Event("input", { bubbles: true }));
}
