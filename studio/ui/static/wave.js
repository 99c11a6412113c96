// A waveform on a canvas: thin bars, the played part in the accent colour.
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** Draws `peaks` (0..1) up to `share` (0..1) as played. */
export function draw(canvas, peaks, share = 0) {
  const ratio = devicePixelRatio || 1;
  const width = canvas.clientWidth, height = canvas.clientHeight;
  if (!width) return;
  if (canvas.width !== Math.round(width * ratio)) canvas.width = Math.round(width * ratio);
  if (canvas.height !== Math.round(height * ratio)) canvas.height = Math.round(height * ratio);
  const pen = canvas.getContext("2d");
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, width, height);
  const step = 3, bars = Math.floor(width / step);
  const loudest = Math.max(0.05, ...sample(peaks, bars));
  const played = colour("--accent"), ahead = colour("--edge");
  sample(peaks, bars).forEach((level, n) => {
    const tall = Math.max(2, (level / loudest) * (height - 4));
    pen.fillStyle = n / bars < share ? played : ahead;
    pen.fillRect(n * step, (height - tall) / 2, 2, tall);
  });
}

/** The loudest of each stretch, `bars` of them. */
function sample(peaks, bars) {
  const out = new Array(bars).fill(0);
  if (!peaks.length) return out;
  for (let n = 0; n < bars; n++) {
    const from = Math.floor((n * peaks.length) / bars), to = Math.max(from + 1, Math.floor(((n + 1) * peaks.length) / bars));
    for (let i = from; i < to; i++) if (peaks[i] > out[n]) out[n] = peaks[i];
  }
  return out;
}
