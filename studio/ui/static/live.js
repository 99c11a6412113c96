// A performance while it is being spoken: PCM over our own route into WebAudio, without a gap, kept for seeking.
const contexts = new Map();

/** An audio context at `rate`: pieces are then played as they are, without a seam from resampling each. */
function contextFor(rate) {
  if (!contexts.has(rate)) contexts.set(rate, new AudioContext({ sampleRate: rate, latencyHint: "interactive" }));
  return contexts.get(rate);
}

const PEAKS_A_SECOND = 50;

export class Live {
  /** `changed()` is called when sound arrived, the place moved or it ended. */
  constructor(url, changed) {
    this.url = url;
    this.changed = changed;
    this.pieces = [];
    this.frames = 0;
    this.rate = 0;
    this.peaks = [];
    this.loudest = 0;
    this.nodes = new Set();
    this.playing = false;
    this.complete = false;
    this.at = 0; // seconds, where it stands when it is not playing
    this.started = 0; // context time at which second 0 was or would have been
    this.queued = 0; // frames that are scheduled
    this.stop = new AbortController();
  }

  get seconds() { return this.rate ? this.frames / this.rate : 0; }
  get time() {
    return this.playing ? Math.min(this.seconds, Math.max(0, this.context.currentTime - this.started)) : this.at;
  }

  /** Fetches the sound; resolves when all of it has arrived. */
  async receive() {
    const answer = await fetch(this.url, { signal: this.stop.signal });
    if (!answer.ok) throw new Error(await answer.text());
    this.rate = Number(answer.headers.get("X-Sample-Rate"));
    this.context = contextFor(this.rate);
    const reader = answer.body.getReader();
    let rest = new Uint8Array(0);
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      if (!this.frames) performance.mark("timbre-first-chunk");
      const bytes = new Uint8Array(rest.length + value.length);
      bytes.set(rest);
      bytes.set(value, rest.length);
      const even = bytes.length - (bytes.length % 2);
      rest = bytes.slice(even);
      if (even) this.add(new Int16Array(bytes.buffer.slice(0, even)));
    }
    this.complete = true;
    if (this.playing && !this.nodes.size) this.ended();
    this.changed();
  }

  add(pcm) {
    const sound = Float32Array.from(pcm, (v) => v / 32768);
    this.pieces.push(sound);
    this.measure(sound);
    this.frames += sound.length;
    if (this.playing) this.schedule();
    this.changed();
  }

  measure(sound) {
    const width = this.rate / PEAKS_A_SECOND;
    for (let n = 0; n < sound.length; n++) {
      const bin = Math.floor((this.frames + n) / width);
      const level = Math.abs(sound[n]);
      if (!(this.peaks[bin] >= level)) this.peaks[bin] = level;
      if (level > this.loudest) this.loudest = level;
    }
  }

  /** Queues what has arrived and is not queued yet. After a gap it goes on as soon as there is more. */
  schedule() {
    let start = 0;
    for (const sound of this.pieces) {
      const end = start + sound.length;
      if (end > this.queued) {
        const skip = Math.max(0, this.queued - start);
        this.place(sound, skip);
        this.queued = end;
      }
      start = end;
    }
  }
  place(sound, skip) {
    const soon = this.context.currentTime + 0.04;
    if (this.started + this.queued / this.rate < soon) this.started = soon - this.queued / this.rate;
    const buffer = this.context.createBuffer(1, sound.length, this.rate);
    buffer.getChannelData(0).set(sound);
    const node = this.context.createBufferSource();
    node.buffer = buffer;
    node.connect(this.context.destination);
    node.start(this.started + this.queued / this.rate, skip / this.rate);
    node.onended = () => {
      this.nodes.delete(node);
      if (this.playing && this.complete && !this.nodes.size) this.ended();
    };
    this.nodes.add(node);
  }
  ended() { this.playing = false; this.at = 0; this.changed("ended"); }

  play(from = this.at) {
    if (!this.context) { this.wanted = true; return; }
    this.context.resume();
    this.silence();
    this.playing = true;
    this.queued = Math.floor(Math.min(from, this.seconds) * this.rate);
    this.started = this.context.currentTime + 0.04 - this.queued / this.rate;
    this.schedule();
    this.changed();
  }
  pause() { this.at = this.time; this.silence(); this.playing = false; this.changed(); }
  seek(to) { to = Math.max(0, Math.min(to, this.seconds)); this.playing ? this.play(to) : ((this.at = to), this.changed()); }
  silence() {
    for (const node of this.nodes) { node.onended = null; node.stop(); }
    this.nodes.clear();
  }
  /** Ends the fetching; what has arrived can still be heard. */
  cut() { this.stop.abort(); this.complete = true; this.changed(); }
  drop() { this.stop.abort(); this.silence(); this.playing = false; }
}
