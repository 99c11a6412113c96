// Sound from a person to the server: a file that was chosen or dropped, or what a microphone hears until it is pressed again.
import { complain, fill, html, send, sign, t } from "./dom.js";

/** Sends a recording; its ticket, or "" with the reason at `place`. */
export const upload = (file, name, place) => send(file, "recordings", place, name);

/** A label with a file input in it takes files that are chosen, and files that are dropped on it. */
export function takesFiles(drop, work) {
  drop.querySelector("input[type=file]").addEventListener("change", ({ target }) => { if (target.files[0]) work(target.files[0], target.files[0].name); target.value = ""; });
  for (const name of ["dragover", "dragleave", "drop"]) drop.addEventListener(name, (event) => {
    event.preventDefault();
    drop.classList.toggle("over", name === "dragover");
    if (name === "drop" && event.dataTransfer.files[0]) work(event.dataTransfer.files[0], event.dataTransfer.files[0].name);
  });
}

let recorder = null;
/** The first press begins, the second ends and gives what was heard to `work`. */
export async function record(button, place, work) {
  if (recorder) return recorder.stop();
  let stream;
  try { stream = await navigator.mediaDevices.getUserMedia({ audio: true }); } catch { return complain(place, t("hear.nomic")); }
  const pieces = [];
  recorder = new MediaRecorder(stream);
  recorder.addEventListener("dataavailable", (event) => pieces.push(event.data));
  recorder.addEventListener("stop", () => {
    for (const track of stream.getTracks()) track.stop();
    const kind = recorder.mimeType;
    recorder = null;
    paint(button);
    work(new Blob(pieces, { type: kind }), `${t("hear.spoken")}.${kind.includes("mp4") ? "mp4" : "webm"}`);
  });
  recorder.start();
  paint(button);
}
function paint(button) {
  fill(button, html`${sign(recorder ? "stop" : "mic")}<span>${t(recorder ? "hear.recorded" : "hear.record")}</span>`);
  button.setAttribute("aria-pressed", Boolean(recorder));
}
