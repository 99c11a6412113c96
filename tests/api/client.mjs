// The npm package openai against the address in argv: speech in every format, streamed, as events; a transcript.
import fs from "node:fs";
import OpenAI, { toFile } from "openai";

const [address, recording] = process.argv.slice(2);
const client = new OpenAI({ baseURL: `${address}/v1`, apiKey: "none" });
const found = { formats: {}, events: [], text: "", streamed: 0, refused: "" };
for (const response_format of ["mp3", "opus", "aac", "flac", "wav", "pcm"]) {
  const speech = await client.audio.speech.create({ model: "tts-1", voice: "nova", input: "Hello there.", response_format });
  found.formats[response_format] = (await speech.arrayBuffer()).byteLength;
}
const stream = await client.audio.speech.create({ model: "tts-1", voice: "alloy", input: "Hello there, my friend." });
for await (const piece of stream.body) found.streamed += piece.length;
const events = await client.audio.speech.create({ model: "tts-1", voice: "alloy", input: "Hello there.", stream_format: "sse" });
for (const line of (await events.text()).split("\n\n")) if (line) found.events.push(JSON.parse(line.slice(6)).type);
try {
  await client.audio.speech.create({ model: "tts-1", voice: "nobody at all", input: "Hello." });
} catch (error) { found.refused = `${error.status} ${error.param}`; }
const file = await toFile(fs.createReadStream(recording), "talk.wav");
found.text = (await client.audio.transcriptions.create({ model: "whisper-1", file })).text;
console.log(JSON.stringify(found));
