// The buttons that put marks into the text: at the caret, or around what is selected.
import { html, t } from "./dom.js";

export const bar = (marks) => html`<div class="mark-bar" role="toolbar" aria-label="${t("speak.marks")}">
  ${marks.map((m) => html`<button type="button" class="quiet mark-button" data-act="mark" data-mark="${m.name}" title="${m.help}">${m.label}</button>`)}</div>`;

/** Inserts `mark` into `box`; `{…}` of its text is what was selected, and stays selected to be typed over. */
export function put(box, mark) {
  const from = box.selectionStart, to = box.selectionEnd, inside = box.value.slice(from, to);
  const [before, after] = mark.wraps ? [mark.open, mark.close] : [mark.open, ""];
  box.focus();
  box.setRangeText(mark.wraps ? before + inside + after : before, from, mark.wraps ? to : to, "end");
  if (mark.wraps) box.setSelectionRange(from + before.length, from + before.length + inside.length);
  else if (mark.select) box.setSelectionRange(from + mark.select[0], from + mark.select[1]);
  box.dispatchEvent(new Event("input", { bubbles: true }));
}
