// What is wrong with the controls and words that can be seen, {wrong: ["<control>: <what>", …]}, and what buttons there are, {acts}.
// `told`: {zh: whether the page is Chinese; same: words written alike in both languages; own: what is the user's own}.
told => {
  const CONTROLS = 'button, a[href], input:not([type=hidden]), select, textarea, [role=button], summary, [tabindex]';
  const GROUPS = '[role=listbox], [role=toolbar], [role=radiogroup], [role=tablist], [role=menu], [role=group], [role=list]';
  const HAN = /[\u3400-\u9fff\uf900-\ufaff]/, CHINESE = /[\u3000-\u303f\u3400-\u9fff\uf900-\ufaff\uff00-\uffef]/;
  const BROKEN = /\b(undefined|null|NaN)\b|\[object|__i18n__|\{\w+(:[^}]*)?\}/;
  const keys = Object.keys(window.TIMBRE?.words ?? {}).filter(key => key.includes('.'));
  const rooms = new Set(keys.map(key => key.split('.')[0]));
  const isKey = text => /^[a-z]+(\.[a-z]+)+$/.test(text) && rooms.has(text.split('.')[0]);
  const own = new RegExp(told.own, 'giu'), same = new RegExp(told.same, 'gu');
  const bare = text => text.replace(own, ' ').replace(same, ' ');
  const tidy = text => (text || '').replace(/\s+/g, ' ').trim();

  /** Why these words are not in the language of the page; "" where they are. `whole`: a name, not part of a text. */
  const foreign = (text, whole) => {
    const rest = bare(text);
    if (!told.zh) return CHINESE.test(rest) ? 'Chinese in English' : '';
    if (/[A-Za-z][A-Za-z'’]*[ ,]+[A-Za-z][A-Za-z'’]*[ ,]+[A-Za-z]{2}/.test(rest)) return 'English in Chinese';
    return whole && /[A-Za-z]{2}/.test(rest) && !HAN.test(rest) ? 'English in Chinese' : '';
  };
  const wrongWords = (text, whole) =>
    isKey(text.replace(own, '').trim()) ? 'a string key' : BROKEN.test(text.replace(own, '')) ? 'broken text' : foreign(text, whole);

  const seen = e => e.checkVisibility({ checkOpacity: false, checkVisibilityCSS: true });
  const open = [...document.querySelectorAll('dialog[open]')].pop();
  const within = open ?? document.body; // what lies behind a dialog cannot be used
  const outside = e => e.closest('[data-idle], svg[aria-hidden]');

  const labelText = label => {
    const copy = label.cloneNode(true);
    for (const part of copy.querySelectorAll('select, textarea, input, output, datalist, button')) part.remove();
    return tidy(copy.textContent);
  };
  const named = e => {
    const by = e.getAttribute('aria-labelledby');
    const texts = [
      by ? by.split(' ').map(id => document.getElementById(id)?.textContent ?? '').join(' ') : '',
      e.getAttribute('aria-label'),
      [...(e.labels ?? [])].map(labelText).join(' '),
      e.matches('input, select, textarea') ? '' : e.textContent,
      [...e.querySelectorAll('[alt]')].map(one => one.alt).join(' '),
      e.getAttribute('title'),
    ];
    return texts.map(tidy).find(Boolean) ?? '';
  };
  const called = e => {
    const place = [e.tagName.toLowerCase()];
    if (e.id) place.push('#' + e.id); else if (e.dataset.act) place.push(`[data-act=${e.dataset.act}]`);
    else if (e.name) place.push(`[name=${e.name}]`); else if (e.classList.length) place.push('.' + e.classList[0]);
    return place.join('') + ` “${(named(e) || tidy(e.textContent)).slice(0, 40)}”`;
  };

  const reached = e => {
    if (e.tabIndex >= 0 || e.disabled || e.querySelector(CONTROLS)) return true;
    const twin = e.closest('[data-control], .control');
    const others = [...(e.closest(GROUPS)?.querySelectorAll('*') ?? []), ...(twin?.querySelectorAll('input, select') ?? [])];
    return others.some(one => one.tabIndex >= 0) || Boolean(e.parentElement?.closest('[tabindex="0"]'));
  };
  /** Where a finger may press: the control and the labels that belong to it. */
  const target = e => {
    const boxes = [e, ...(e.labels ?? []), ...(e.closest('label') ? [e.closest('label')] : [])].filter(seen).map(one => one.getBoundingClientRect());
    return { width: Math.max(...boxes.map(b => b.width)), height: Math.max(...boxes.map(b => b.height)) };
  };
  const inText = e => e.matches('a, .link') && getComputedStyle(e).display === 'inline';
  /** What a control sticks out of on either side: its card, its dialog, the window; "" where it does not, or can be scrolled to. */
  const outOf = e => {
    const box = e.getBoundingClientRect(), past = (left, right) => box.left < left - 1 || box.right > right + 1;
    for (let up = e.parentElement; up && up !== document.body; up = up.parentElement) {
      const around = up.getBoundingClientRect();
      if (up.matches('.card, .sheet, article') && past(around.left, around.right)) return 'its card';
      if (/auto|scroll/.test(getComputedStyle(up).overflowX) && up.scrollWidth > up.clientWidth) return '';
    }
    return past(0, innerWidth) ? 'the page' : '';
  };

  const wrong = [], tell = (e, what) => wrong.push(`${called(e)}: ${what}`);
  for (const e of within.querySelectorAll(CONTROLS)) {
    if (!seen(e) || outside(e) || e.matches('dialog')) continue;
    const name = named(e), words = name && wrongWords(name, true);
    if (!name) { if (!e.matches('[tabindex="-1"]:not(button, a, input, select, textarea)')) tell(e, 'no name'); }
    else if (words) tell(e, words);
    if (e.matches('select')) for (const one of e.options) {
      const option = tidy(one.label), trouble = option ? wrongWords(option, true) : 'empty';
      if (trouble) tell(e, `option “${option}”: ${trouble}`);
    }
    if (e.matches('[type=file]:not(.hidden-label)')) tell(e, "a file field in the browser's words");
    if (!reached(e)) tell(e, 'not reached by keyboard');
    const { width, height } = target(e), around = e.matches('.hidden-label') ? '' : outOf(e);
    if ((width < 23.5 || height < 23.5) && !inText(e)) tell(e, `${Math.round(width)}×${Math.round(height)} px`);
    if (around) tell(e, `sticks out of ${around}`);
  }
  for (const e of within.querySelectorAll('*')) {
    if (!seen(e) || outside(e) || e.closest('script, style, pre, code, kbd, textarea, datalist, [hidden]')) continue;
    for (const name of ['title', 'placeholder', 'aria-label', 'alt', 'aria-valuetext']) {
      const text = tidy(e.getAttribute(name)), trouble = text && wrongWords(text, name !== 'placeholder');
      if (trouble) tell(e, `${name} “${text.slice(0, 60)}”: ${trouble}`);
    }
    if (e.matches('option')) continue;
    const text = tidy([...e.childNodes].filter(node => node.nodeType === 3).map(node => node.data).join(' '));
    const trouble = text && wrongWords(text, e.matches('h1, h2, h3, th, dt, legend, summary, label > span:first-child'));
    if (trouble) tell(e, `“${text.slice(0, 60)}”: ${trouble}`);
  }
  if (document.documentElement.scrollWidth > innerWidth) wrong.push(`page: scrolls sideways, ${document.documentElement.scrollWidth} px`);
  return { wrong: [...new Set(wrong)], acts: [...document.querySelectorAll('[data-act]')].map(e => e.dataset.act) };
}
