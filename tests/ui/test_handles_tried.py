"""Every control without an id is used by a test in a browser, in each panel that writes it: `close` is not one button.

A *handle* is what a test takes such a control by (`data-act=keep`, `name=count`), a *panel* the function of a script
that writes it. A handle of one panel is held by any test that names it. One of several panels is held, where a test
names it, for the panel whose *home* that test named last before: so each naming counts for one panel. What saves a
dialog (`save`, `ok`) is pressed wherever a field of it is tried; its other buttons count as handles.
"""

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
STATIC = ROOT / "studio" / "ui" / "static"

FUNCTION = re.compile(r"^(?:export )?(?:async )?(?:function|const|let) (\w+)", re.MULTILINE)
START = re.compile(r"<(?:input|select|textarea|button|summary(?= data-act)|rect(?=[^>]*data-jump))\b|\biconButton\(")
HANDLE = re.compile(r'(?<![\w-])(?:(data-[a-z-]+|name)="((?:\$\{[^}]*\}|[^"])*)"|(data-[a-z]+)(?= ))')
GIVEN = re.compile(r"""["'](data-field="\w+"|data-into)["']""")  # handed to what writes the tag
BUTTON = re.compile(r'\["(?!(?:save|ok)\")(\w+)", t\([^()]*(?:\([^()]*\)[^()]*)*\), "(?:primary)?"\]')  # of a dialog
PIECES = {  # what several panels draw by calling one function -> the handles in it
    "controls.js": ("controlRow", ["data-act=reset", "data-act=help"]),
    "pages.js": ("foot", ["data-act=turn"]),
    "placing.js": ("slider", ["data-pan"]),
}
DRAWN = {"dom.js iconButton", *(f"{module} {function}" for module, (function, _) in PIECES.items())}


def whole(text: str, start: int) -> str:
    """The tag or the call that begins there."""
    call = text[start] != "<"
    opened, closed, end = ("(", ")", ")") if call else ("{", "}", ">")
    depth = 0
    for n in range(start, len(text)):
        depth += (text[n] == opened) - (text[n] == closed)
        if depth == 0 and text[n] == end and text[n - 1] != "=":
            return text[start : n + 1]
    raise AssertionError(text[start : start + 200])


def handle(piece: str) -> str | None:
    """How a test takes hold of what is written there; None where it has an id (test_controls_tried.py asks for it)."""
    call = re.match(r'iconButton\("([\w-]+)"', piece)
    if re.search(r'(?<![\w-])id="[\w-]' if call else r'(?<![\w-])id="', piece):
        return None
    if call:
        return f"data-act={call[1]}"
    found = HANDLE.search(piece)
    return (f"{found[1]}={found[2]}" if found[1] else found[3]) if found else ""


def of_script(path: Path) -> Iterator[tuple[str, str]]:
    """Pairs of handle and panel."""
    text = path.read_text(encoding="utf-8")

    def panel(place: int) -> str:
        return f"{path.name} {list(FUNCTION.finditer(text, 0, place))[-1][1]}"

    for start in START.finditer(text):
        found = handle(whole(text, start.start()))
        if found is not None:
            yield found, panel(start.start())
    for given in GIVEN.finditer(text):
        yield given[1].replace('"', ""), panel(given.start())
    for button in BUTTON.finditer(text):
        yield f"value={button[1]}", panel(button.start())
    for module, (function, handles) in PIECES.items():
        if f'from "./{module}"' in text:
            for call in re.finditer(rf"(?<![\w.]){function}\(", text):
                yield from ((one, panel(call.start())) for one in handles)


HOMES = {  # a panel that shares a handle with another one -> what a test names before it takes hold of it there
    "batch.js card": 'visit("batch"',
    "batch.js paintNew": 'visit("batch"',
    "batch.js paintTable": "#batch-table",
    "batch.js remove": 'visit("batch"',
    "batch.js row": "#batch-table",
    "blend.js paint": ".blend",
    "blend.js slot": ".blend-slot",
    "cast.js rename": "[data-act=rename]",
    "cast.js row": "#tab-cast",
    "cloning.js consent": "[name=consent]",
    "cloning.js open": "#voice-clone",
    "cloning.js paint": "#clone-found",
    "cloning.js remove": ".voice-card",
    "compare.js changed": "#tray",
    "desk.js paint": "#page-speak",
    "desk.js saveStyle": "#style-save",
    "dom.js notice": ".notice",
    "draw.js askName": "[data-act=keep]",
    "draw.js paintForm": ".draw-form",
    "draw.js place": ".drawn-voice",
    "draw.js showRecipe": "#draw-recipe",
    "exchange.js drop": "[data-act=many-drop]",
    "exchange.js exportOne": "#open-export",
    "exchange.js rateAll": "[data-act=many-rate]",
    "lexicon.js reload": "tr[data-word",
    "lines.js openLine": ".line",
    "lines.js paintChosen": "#selection",
    "lines.js rechapter": "[data-act=rechapter]",
    "masters.js sound": "#sound-",
    "masters.js watch": "#export-progress",
    "models.js weights": 'visit("models"',
    "productions.js open": "#book-examples",
    "productions.js paintBook": ".book",
    "productions.js row": ".production",
    "script.js more": "#script-more",
    "script.js title": "#script-head",
    "settings.js newkey": "#key-new",
    "speak.js refine": "#refine",
    "speak.js saveVoice": "#save-voice",
    "styles.js edit": "#style-new",
    "styles.js paint": ".styles",
    "subtitles.js cue": ".cue",
    "subtitles.js form": ".cue",
    "subtitles.js paintCast": "#dub-cast",
    "subtitles.js paintControls": "#dub-controls",
    "subtitles.js paintCues": "#dub-foot",
    "subtitles.js row": "[data-dub",
    "subtitles.js shelf": "#page-subtitles",
    "subtitles.js write": "#dub-export",
    "takes.js empty": "#take-list",
    "takes.js note": "[data-act=note]",
    "takes.js paintFilters": "#take-filters",
    "takes.js row": ".take-row",
    "takes.js show": "#take-list",
    "transcribe.js open": "#hear-missing",
    "transcribe.js row": ".segment",
    "transcribe.js step": "#heard-progress",
    "tuning.js rows": "[data-tuning",
    "voice-open.js form": "#voice-open",
    "voice-survey.js follow": "#survey-work",
    "voice-survey.js row": ".found-row",
    "voice-survey.js twins": ".twins",
    "voices.js addSeed": "#voice-add",
    "voices.js card": ".voice-card",
    "voices.js edit": "[data-act=edit]",
    "voices.js empty": "#voice-wall",
    "voices.js paintFilters": "#voice-filters",
    "voices.js show": "#voice-wall",
}
WAYS = {  # what the tests take hold of in another way than by its handle
    ("cloning.js rights", ""): "#clip-add input",
    ("controls.js below", ""): "input[type=range]",
    ("dom.js dialog", ""): "dialog header button",
    ("exchange.js dress", ""): ".select-box",
    ("into.js field", ""): "[data-into]",
    ("lexicon.js mount", ""): "#lexicon-new button",
    ("lines.js write", ""): "textarea:focus",
    ("book-chapters.js row", ""): ".chapter-title",
    ("book-chapters.js split", ""): ".split-find",
    ("transcribe.js row", ""): ".segment textarea",
    ("book-chapters.js paint", "data-paragraph=${at}"): ".cut-title",
    ("blend.js paint", "data-act=mode"): "[data-mode=",
    ("desk.js seedRow", "data-act=dice"): "#voiceseed-dice",
    ("lines.js row", "data-act=select"): ".line-who",
    ("marks.js bar", "data-act=mark"): "[data-mark=",
    ("voice-survey.js slider", "name=${name}"): "[data-side=",
    ("voices.js card", "data-act=mood"): 'name="Hear its emotion"',
    ("voices.js paintFilters", "name=${name}"): "#voice-filters [name={name}]",
}
ALSO = {"data-act=reset": r"\.reset\b", "data-act=help": r"\.control-label\b"}


def handles() -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for path in sorted(STATIC.glob("*.js")):
        for one, panel in of_script(path):
            if panel not in DRAWN:
                found.setdefault(one, set()).add(panel)
    return found


def functions() -> list[str]:
    """Every function of the tests in a browser."""
    texts = [path.read_text(encoding="utf-8") for path in (ROOT / "tests" / "browser").glob("*.py")]
    return [one for text in texts for one in re.split(r"^(?=def |    def \w+\(\s*self)", text, flags=re.MULTILINE)]


def naming(one: str) -> re.Pattern[str]:
    """What a test writes where it takes hold of it; of a value that is put together, what stands before the `$`."""
    name, _, value = one.partition("=")
    fixed = re.escape(value.partition("$")[0])
    plain = rf"\[{name}" + (rf"=[\"'\\]*{fixed}" if fixed else "") + ("" if fixed and "$" in value else r"(?![\w-])")
    return re.compile(plain + (f"|{ALSO[one]}" if one in ALSO else ""))


def held(one: str, panels: set[str], texts: list[str]) -> set[str]:
    """The panels for which a test takes hold of it; what has no handle at all is held by none."""
    if not one:
        return set()
    if len(panels) < 2:
        return {panel for panel in panels if any(naming(one).search(text) for text in texts)}
    found = set()
    for text in texts:
        for place in naming(one).finditer(text):
            last = max((text.rfind(HOMES[panel], 0, place.start()), len(HOMES[panel]), panel) for panel in panels)
            if last[0] >= 0:
                found.add(last[2])
    return found


def test_every_handle_is_taken_hold_of_in_a_browser() -> None:
    found, texts = handles(), functions()
    assert sum(map(len, found.values())) > 250, "the patterns find them"
    left = {one: panels - {panel for panel, way in WAYS if way == one} for one, panels in found.items()}
    assert [f"{panel}: {one}" for one, panels in left.items() for panel in panels - held(one, panels, texts)] == []


def test_the_tables_say_what_is_so() -> None:
    found, texts = handles(), functions()
    shared = [panels - {panel for panel, way in WAYS if way == one} for one, panels in found.items() if one]
    shared = [panels for panels in shared if len(panels) > 1]
    assert set().union(*shared) == set(HOMES)
    assert [panels for panels in shared if len({HOMES[panel] for panel in panels}) < len(panels)] == [], "told apart"
    for (panel, one), way in WAYS.items():
        assert panel in found[one]
        assert any(way in text for text in texts), way
        assert not one or not any(naming(one).search(text) for text in texts) or len(found[one]) > 1, "no exception"


def test_a_naming_counts_for_one_panel() -> None:
    panels = {"subtitles.js cue", "voices.js card", "takes.js row"}
    text = 'page.locator(".cue").click()\ncard = page.locator(".voice-card")\ncard.locator("[data-act=drop]").click()'
    assert held("data-act=drop", panels, [text]) == {"voices.js card"}
    assert held("data-act=drop", panels, [text.replace("=drop", "=dropclip")]) == set()
    assert held("data-act=drop", panels, ['page.locator("[data-act=drop]")']) == set()
    assert held("data-act=drop", {"one"}, ['page.locator("button[data-act=drop]")']) == {"one"}
