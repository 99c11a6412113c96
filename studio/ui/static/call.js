// The call that says what is on the screen: for curl, Python and JavaScript, ready to be copied.
import { dialog, html, notice, t } from "./dom.js";

const tongues = ["curl", "Python", "JavaScript"];

/** The body of `POST /v1/audio/speech` for the text and the settings of the desk. */
export function bodyOf(text, settings, controls) {
  const own = Object.fromEntries(controls.filter((c) => settings.controls?.[c.name] !== undefined && settings.controls[c.name] !== c.default).map((c) => [c.name, settings.controls[c.name]]));
  const more = {};
  if (settings.into) Object.assign(more, { into: settings.into, converter: settings.converter });
  if (settings.style) more.style = settings.style;
  if (settings.seed) more.seed = settings.seed;
  if (Object.keys(own).length) more.controls = own;
  if (settings.steps && Object.keys(settings.steps).length) more.steps = settings.steps;
  if (settings.polish && settings.polish !== "off") more.polish = settings.polish;
  const body = { model: settings.engine, input: text, voice: settings.voice || "default", response_format: "mp3" };
  return Object.keys(more).length ? { ...body, studio: more } : body;
}

const literal = (value) => JSON.stringify(value, null, 2);
/** As Python writes it. */
const python = (value, indent = "    ") => literal(value).replace(/\n/g, "\n" + indent).replace(/\btrue\b/g, "True").replace(/\bfalse\b/g, "False").replace(/\bnull\b/g, "None");

export function codes(body, address) {
  const { studio, ...plain } = body;
  const quoted = literal(body).replace(/'/g, "'\\''");
  const extra = studio ? `,\n    extra_body={"studio": ${python(studio)}}` : "";
  const fields = Object.entries(plain).map(([name, value]) => `    ${name}=${JSON.stringify(value)}`).join(",\n");
  return {
    curl: `curl ${address}/v1/audio/speech \\\n  -H 'content-type: application/json' \\\n  -o speech.mp3 -d '${quoted}'`,
    Python: `from openai import OpenAI\n\nclient = OpenAI(base_url="${address}/v1", api_key="none")\nwith client.audio.speech.with_streaming_response.create(\n${fields}${extra},\n) as speech:\n    speech.stream_to_file("speech.mp3")`,
    JavaScript: `import fs from "node:fs";\nimport OpenAI from "openai";\n\nconst client = new OpenAI({ baseURL: "${address}/v1", apiKey: "none" });\nconst speech = await client.audio.speech.create(${literal(body)});\nfs.writeFileSync("speech.mp3", Buffer.from(await speech.arrayBuffer()));`,
  };
}

export async function show(body) {
  const found = codes(body, location.origin + window.TIMBRE.root);
  const closed = dialog(t("call.title"), html`<p class="soft small">${t("call.help")}</p><div class="row" role="group" aria-label="${t("call.title")}">${tongues.map((name, n) => html`<button type="button" class="button small-button" data-tongue="${name}" aria-pressed="${n === 0}">${name}</button>`)}</div>
    <pre class="recipe-json" id="call-code" tabindex="0" aria-label="${t("call.title")}">${found.curl}</pre><button type="button" class="button" id="call-copy">${t("call.copy")}</button>`);
  const box = document.querySelector("dialog.sheet:last-of-type");
  box.classList.add("wide");
  box.addEventListener("click", async (event) => {
    const chosen = event.target.closest("[data-tongue]");
    if (chosen) {
      for (const button of box.querySelectorAll("[data-tongue]")) button.setAttribute("aria-pressed", button === chosen);
      box.querySelector("#call-code").textContent = found[chosen.dataset.tongue];
    }
    if (event.target.closest("#call-copy")) {
      await navigator.clipboard?.writeText(box.querySelector("#call-code").textContent).catch(() => {});
      notice(t("call.copied"));
    }
  });
  await closed;
}
