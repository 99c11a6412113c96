"""The Speak page: a text box, a desk with everything that can be set, Generate and Stop."""

from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from studio.errors import BadRequest, BadText, StudioError
from studio.studio import Job, Performance, Refined, SpeakRequest, Studio, VoiceQuery, place
from studio.ui import asked as take
from studio.ui import describe
from studio.ui.pages.parts import component
from studio.ui.reader import complaint, language_of
from studio.ui.strings import say

if TYPE_CHECKING:
    pass

EXAMPLES = ("zh", "en", "mixed")
REFINED = 16  # refined texts that are remembered
SHOWN_LINES = 60  # of what will be said
CODE, LEAST_STRING = "code:", 40  # a voice in a string that people exchange; the shortest that may be one
OFFERED = 60  # voices in the list of the desk
STILL_ASKED_S = 20.0  # how long one question for the take waits; the page asks again


def build(studio: Studio) -> None:
    """Put the page into the Blocks that is being made."""
    import gradio as gr

    questions = Questions(studio)
    with gr.Row(elem_id="speak-columns"):
        with gr.Column(elem_id="speak-text"):
            text = gr.Textbox(
                elem_id="text",
                label=words("speak.text"),
                show_label=False,
                placeholder=words("speak.placeholder"),
                lines=9,
                max_lines=24,
                container=False,
                max_length=take.LONGEST,
                html_attributes=gr.InputHTMLAttributes(spellcheck=False),
            )
            component("marks")
            with gr.Row(elem_id="action-row"):
                generate = gr.Button(words("speak.generate"), variant="primary", elem_id="generate")
                stop = gr.Button(words("stop"), elem_id="stop", interactive=True)
                component("switches")
            under = component(
                "under", [questions.plan_shown, questions.progress, questions.take_made, *questions.keeping]
            )
        with gr.Column(elem_id="speak-desk"):
            desk = component("desk", [questions.speak_begin, *questions.voices], value={})
    quiet: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
    generate.click(starter(studio), [text, desk], under, **quiet)
    stop.click(stopper(studio), under, None, **quiet)


def words(key: str) -> Any:
    """A text that Gradio translates in the page."""
    from gradio.i18n import I18nData

    return I18nData(key)


def starter(studio: Studio) -> Any:
    """The handler of Generate: starts and returns at once; the page then listens."""
    import gradio as gr

    def start(text: str, desk: dict[str, Any], request: gr.Request) -> dict[str, Any]:
        language = language_of(request)
        try:
            performance = studio.speak(take.speak_request(text or "", desk or {}))
        except StudioError as error:
            return {"error": complaint(error, language)}
        return {"ok": heard(performance)}

    return start


def stopper(studio: Studio) -> Any:
    def stop(answer: dict[str, Any] | None) -> None:
        if isinstance(answer, dict) and (told := answer.get("ok")):
            studio.performance(str(told.get("id"))).stop()

    return stop


def heard(performance: Performance) -> dict[str, Any]:
    """What the page needs to listen to a performance."""
    return {
        "id": performance.id,
        "stream": f"/stream/{performance.id}.pcm",
        "title": performance.title,
        "facts": "",
    }


class Questions:
    """What the scripts of this page may ask; every one is `(asked, language) -> plain data`."""

    def __init__(self, studio: Studio) -> None:
        self.studio = studio
        self.voices = [
            self.voice_shown,
            self.voices_offered,
            self.timbres,
            self.voice_string,
            self.save_style,
            self.delete_style,
            self.control_held,
        ]
        self.keeping = [self.keep_voice, self.request_of, self.refine_begin, self.refine_made]
        self._refining: OrderedDict[str, Job[tuple[Refined, ...]]] = OrderedDict()

    def speak_begin(self, asked: dict[str, Any], language: str) -> Any:
        """Everything the page is drawn from."""
        studio = self.studio
        return {
            "engines": [describe.engine(state, language) for state in studio.engines()],
            "styles": self._styles(language),
            "marks": [
                {
                    "name": m.name,
                    "label": m.label.text(language),
                    "help": m.help.text(language),
                    "open": m.before,
                    "close": m.after,
                    "wraps": m.wraps,
                }
                for m in studio.marks()
            ],
            "steps": [describe.step(one, language) for one in studio.steps()],
            "polish": [describe.preset(one, language) for one in studio.polish_presets()],
            "formats": [describe.format(one, language) for one in studio.formats()],
            "examples": [
                {"label": say(f"example.{name}.label", language), "text": say(f"example.{name}", language)}
                for name in EXAMPLES
            ],
            "gaps": vars(SpeakRequest("").gaps),
            "timbres": describe.timbres(studio, language),
            "start": START,
        }

    def voice_shown(self, asked: dict[str, Any], language: str) -> Any:
        spec = self.studio.engine(take.text(asked, "engine"))
        return describe.shown_voice(self.studio, spec, take.text(asked, "voice"), language)

    def voices_offered(self, asked: dict[str, Any], language: str) -> Any:
        """Voices of one engine that fit what is searched: the library's, its own, a seed if a number was typed."""
        engine, search = take.text(asked, "engine"), take.text(asked, "search").strip()
        kept = self.studio.voices.find(VoiceQuery(text=search, engine=engine, sort="last_used", size=OFFERED))
        built = [describe.builtin_voice(engine, voice, language) for voice in self.studio.builtin_voices(engine)]
        fits = [v for v in built if search.casefold() in f"{v['name']} {v['ref']} {v['facts']}".casefold()]
        number = search.lower().removeprefix("seed:")
        seeds = [describe.seed_voice(engine, int(number), language)] if number.isascii() and number.isdigit() else []
        if shared := self._of_string(engine, search, language):
            return [{"label": say("picker.string", language), "voices": [shared]}]
        groups = (("picker.seed", seeds), ("picker.library", [describe.voice_card(v, language) for v in kept]))
        return [
            {"label": say(key, language), "voices": voices}
            for key, voices in (*groups, ("picker.builtin", fits[:OFFERED]))
        ]

    def _of_string(self, engine: str, search: str, language: str) -> dict[str, Any] | None:
        """The voice of a string that people exchange, where this engine has such and it is one."""
        known = next((one for one in self.studio.engines() if one.id == engine), None)
        code = search.removeprefix(CODE)
        if not (known and known.shares_voices and len(code) >= LEAST_STRING):
            return None
        try:
            self.studio.keeping.code(engine, f"{CODE}{code}")
        except BadRequest:
            if search.startswith(CODE):
                raise
            return None
        return describe.string_voice(engine, code, language)

    def timbres(self, asked: dict[str, Any], language: str) -> Any:
        """In which voices it can be said again."""
        return describe.timbres(self.studio, language)

    def voice_string(self, asked: dict[str, Any], language: str) -> Any:
        """The voice on the desk as the string that people exchange."""
        return {"code": self.studio.keeping.code(take.text(asked, "engine"), take.text(asked, "voice"))}

    def control_held(self, asked: dict[str, Any], language: str) -> Any:
        """What stands in the weights for a control that is left empty, beside the others as they are set."""
        engine, name = take.text(asked, "engine"), take.text(asked, "name")
        return {"text": self.studio.tuning.held(engine, name, take.table(asked, "controls"))}

    def save_style(self, asked: dict[str, Any], language: str) -> Any:
        """Keep the changed controls under a name; gives all styles."""
        self.studio.keep_style(take.text(asked, "name"), take.text(asked, "engine"), take.table(asked, "controls"))
        return self._styles(language)

    def delete_style(self, asked: dict[str, Any], language: str) -> Any:
        self.studio.styles.delete(self.studio.styles.get(take.text(asked, "name")).id)
        return self._styles(language)

    def plan_shown(self, asked: dict[str, Any], language: str) -> Any:
        """What will be said, beside what was written; and what becomes of every mark."""
        text = take.text(asked, "text")
        planned = self.studio.plan(take.speak_request(text, take.table(asked, "desk")))
        return {
            "characters": planned.characters,
            "seconds": planned.seconds,
            "lines": [{"original": line.original, "spoken": line.spoken} for line in planned.lines[:SHOWN_LINES]],
            "more": max(0, len(planned.lines) - SHOWN_LINES),
            "notes": [
                {
                    "mark": n.mark,
                    "how": n.how,
                    "note": n.note.text(language),
                    "place": where.text(language) if n.how != "honoured" and (where := place(text, n)) else "",
                }
                for n in planned.notes[:SHOWN_LINES]
            ],
        }

    def progress(self, asked: dict[str, Any], language: str) -> Any:
        job = self.studio.performance(take.text(asked, "id"))
        return {"state": job.state, "progress": job.progress, "seconds_left": job.seconds_left}

    def take_made(self, asked: dict[str, Any], language: str) -> Any:
        """The take of a performance once it is over; `waiting` when it is worth asking again."""
        job = self.studio.performance(take.text(asked, "id"))
        try:
            return describe.take_row(self.studio, job.wait(STILL_ASKED_S), language)
        except TimeoutError:
            return {"waiting": True}

    def refine_begin(self, asked: dict[str, Any], language: str) -> Any:
        """Start refining what stands in the text box; `refine_made` gives what came out."""
        desk = take.table(asked, "desk")
        controls = take.table(desk, "controls") | {"refine_guard": "allow", "refine": False}
        job = self.studio.refine(take.speak_request(take.text(asked, "text"), {**desk, "controls": controls}))
        self._refining[job.id] = job
        while len(self._refining) > REFINED:
            self._refining.popitem(last=False)
        return {"id": job.id}

    def refine_made(self, asked: dict[str, Any], language: str) -> Any:
        """The refined lines with what changed; `waiting` when it is worth asking again."""
        job = self._refining.get(take.text(asked, "id"))
        if job is None:
            raise BadText("this text is no longer being refined; begin again", "这段文本已不在处理中，请重新开始")
        try:
            lines = job.wait(STILL_ASKED_S)
        except TimeoutError:
            return {"waiting": True}
        return {
            "text": "\n".join(line.text for line in lines),
            "ok": all(line.ok for line in lines),
            "changes": [list(change) for line in lines for change in (*line.changes, ("same", "\n"))],
        }

    def keep_voice(self, asked: dict[str, Any], language: str) -> Any:
        voice = self.studio.keeping.of_take(take.text(asked, "digest"), take.text(asked, "name"))
        return describe.voice_card(voice, language)

    def request_of(self, asked: dict[str, Any], language: str) -> Any:
        """What was asked for when a take was made, to fill the page with it."""
        recipe = self.studio.takes.details(take.text(asked, "digest")).recipe
        if recipe.get("kind") == "conversion":
            raise BadText(
                "this take was said again in another voice; no text was spoken for it: see Convert on the Voices page",
                "这个版本由录音或其他版本转换而来，没有可载入的文本：请到音色页使用“转换”",
            )
        if "request" not in recipe:
            raise BadText(
                "this take is one line of a longer text; it has no request of its own",
                "这个版本是长文本中的一句，没有单独的配方可以载入",
            )
        return recipe["request"]

    def _styles(self, language: str) -> list[dict[str, Any]]:
        return [describe.style(one, language) for one in self.studio.styles.list()]


START = SpeakRequest("").to_json() | {"steps": {}, "stream": True, "auto": True}
