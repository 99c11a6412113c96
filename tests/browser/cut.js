// What sticks out to the right of the window, or texts that are cut off without an ellipsis.
() => [...document.querySelectorAll('#nav *, #top *, .page *')].filter(e => {
  if (!e.checkVisibility() || e.closest('.hidden-label, .mark-bar, svg, .picker-list, .recipe-json')) return false;
  const box = e.getBoundingClientRect();
  if (box.width > 1 && box.right > innerWidth + 1) return true;
  const look = getComputedStyle(e);
  return e.matches('button, a, label, h1, h2, b') && look.overflowX === 'visible' && look.display !== 'inline' && e.scrollWidth > e.clientWidth + 2;
}).map(e => e.tagName + '.' + e.className + ' ' + (e.textContent || '').trim().slice(0, 30))
