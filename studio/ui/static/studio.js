// The first module of the page: the frame at once, each page when Gradio has made its component.

import * as cloning from "./cloning.js";
import * as frame from "./frame.js";
import * as batch from "./batch.js";
import * as models from "./models.js";
import * as transcribe from "./transcribe.js";
import * as productions from "./productions.js";
import * as script from "./script.js";
import { mountKeeper } from "./recipe.js";
import * as settings from "./settings.js";
import * as speak from "./speak.js";
import * as subtitles from "./subtitles.js";
import * as takes from "./takes.js";
import * as voices from "./voices.js";

const pages = {
  desk: (part) => speak.mount("desk", part), marks: (part) => speak.mount("marks", part),
  switches: (part) => speak.mount("switches", part), under: (part) => speak.mount("under", part),
  voices: voices.mount, cloning: cloning.mount, takes: takes.mount, productions: productions.mount, script: script.mount, subtitles: subtitles.mount, batch: batch.mount, transcribe: transcribe.mount, models: models.mount, settings: settings.mount,
  keeper: mountKeeper,
};

window.Timbre = {
  /** Called by each component of ours when Gradio has put it into the page. */
  mount(name, part) { pages[name](part); },
};
document.body ? frame.build() : addEventListener("DOMContentLoaded", frame.build);
