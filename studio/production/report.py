"""A production on one page of HTML that loads nothing: cast, chapters, what is wrong, the files."""

from html import escape
from typing import TYPE_CHECKING, Any

from studio.library.script import LineQuery
from studio.words import Words

if TYPE_CHECKING:
    from studio.production.desk import Desk

PROBLEMS_SHOWN = 500
COLOURS = {"planned": "#E3E2DC", "stale": "#A9A79C", "done": "#0F766E", "locked": "#0F766E", "failed": "#B45309"}
STYLE = """
body{font:15px/1.6 system-ui,"PingFang SC","Noto Sans CJK SC",sans-serif;color:#1E2328;background:#FAFAF7}
body{max-width:960px;margin:32px auto;padding:0 20px}h1{font-size:24px;margin:0}h2{font-size:17px;margin:32px 0 8px}
table{border-collapse:collapse;width:100%}td,th{text-align:start;padding:5px 14px 5px 0;border-top:1px solid #E3E2DC}
td{vertical-align:top}th{font-weight:400;color:#5d645f;border:0}.soft{color:#5d645f}.wrong{color:#B42318}
.good{color:#2F7D4F}svg{display:block;width:260px;height:14px}
"""
_TEXTS = {
    "cast": Words("Cast", "配音表"),
    "speaker": Words("Speaker", "说话人"),
    "narrator": Words("Narrator", "旁白"),
    "lines": Words("Lines", "台词"),
    "voice": Words("Voice", "音色"),
    "engine": Words("Engine", "引擎"),
    "chapters": Words("Chapters", "章节"),
    "chapter": Words("Chapter", "章节"),
    "length": Words("Length", "时长"),
    "state": Words("State", "进度"),
    "problems": Words("To look at", "需要查看"),
    "none": Words("Nothing.", "没有。"),
    "files": Words("Files", "文件"),
    "place": Words("Place", "位置"),
    "middle": Words("middle", "居中"),
    "mono": Words("mono", "单声道"),
    "stereo": Words("stereo", "立体声"),
    "more": Words("and more", "还有更多"),
    "synthetic": Words("All speech in this production is synthetic.", "本作品中的语音均为合成。"),
}


def report_page(desk: "Desk", id: str, language: str) -> str:
    """The page as text."""

    def say(key: str) -> str:
        return escape(_TEXTS[key].text(language))

    production, progress = desk.get(id), desk.progress(id)
    done = sum(progress.states.get(state, 0) for state in ("done", "locked"))
    cast = "".join(
        _row(
            part.member.speaker or _TEXTS["narrator"].text(language),
            part.lines,
            whole.engine,
            whole.voice,
            _place(part.member.pan, language),
        )
        for part in desk.parts(id)
        for whole in [desk.member(id, part.member.speaker)]
    )
    chapters = "".join(
        f"<tr><td>{escape(one.title)}</td><td>{one.lines}</td><td>{_clock(one.seconds)}</td>"
        f"<td>{_strip(desk, id, one.id)}</td></tr>"
        for one in desk.chapters(id)
    )
    found = desk.lines(id, LineQuery(problem="any"), 0, PROBLEMS_SHOWN)
    named = desk.problems()
    problems = "".join(
        _row(
            line.speaker or _TEXTS["narrator"].text(language),
            line.text[:160],
            line.error.text(language) if line.error else named[line.problem].text(language),
        )
        for line in found.items
    )
    more = f"<p>{say('more')}: {found.total - len(found.items)}</p>" if found.total > len(found.items) else ""
    files = "".join(_file(one, language) for one in desk.exported(id))
    notes = "".join(f"<p>{escape(note.text(language))}</p>" for note in desk.export_notes(id)) if files else ""
    nothing = f"<p>{say('none')}</p>"
    return "".join(
        (
            f'<!doctype html><html lang="{language}"><meta charset="utf-8"><title>{escape(production.title)}</title>',
            f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style>',
            f"<h1>{escape(production.title)}</h1>",
            f'<p class="soft">{escape(production.author)} · {done}/{progress.lines} · {_clock(progress.seconds)}</p>',
            f"<h2>{say('cast')}</h2>",
            f"<table><tr>{_heads(say, 'speaker', 'lines', 'engine', 'voice', 'place')}</tr>{cast}</table>",
            f"<h2>{say('chapters')}</h2>",
            f"<table><tr>{_heads(say, 'chapter', 'lines', 'length', 'state')}</tr>{chapters}</table>",
            f"<h2>{say('problems')}</h2>",
            f"<table>{problems}</table>{more}" if problems else nothing,
            f"<h2>{say('files')}</h2>{notes}<table>{files}</table>" if files else "",
            f'<p class="soft">{say("synthetic")}</p></html>\n',
        )
    )


def _heads(say: Any, *keys: str) -> str:
    return "".join(f"<th>{say(key)}</th>" for key in keys)


def _row(*cells: object) -> str:
    return f"<tr>{''.join(f'<td>{escape(str(cell))}</td>' for cell in cells)}</tr>"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _strip(desk: "Desk", id: str, chapter: str) -> str:
    """A chapter as bars as long as its lines; what is to be looked at stands out."""
    rows = desk.strip(id, chapter)
    whole = sum(seconds or 1.0 for _, seconds, _, _ in rows) or 1.0
    bars, x = [], 0.0
    for _, seconds, state, problem in rows:
        width = 1000 * (seconds or 1.0) / whole
        high = bool(problem) or state == "failed"
        fill, top = (COLOURS["failed"], 0) if high else (COLOURS[state], 5)
        place = f'x="{x:.1f}" width="{max(0.6, width - 0.6):.1f}" y="{top}" height="{14 - top}"'
        bars.append(f'<rect {place} fill="{fill}"/>')
        x += width
    return f'<svg viewBox="0 0 1000 14" preserveAspectRatio="none">{"".join(bars)}</svg>'


def _file(one: dict[str, Any], language: str) -> str:
    checks = ", ".join(
        f'<span class="{"good" if check["passed"] else "wrong"}">{escape(check["label"][language])} '
        f"{'−∞' if check['value'] is None else format(check['value'], '.1f')} {escape(check['unit'])}</span>"
        for check in one["checks"]
    )
    sides = _TEXTS["stereo" if one.get("channels") == 2 else "mono"].text(language)
    length = _clock(one["levels"]["seconds"])
    return f"<tr><td>{escape(one['file'])}</td><td>{length}</td><td>{sides}</td><td>{checks}</td></tr>"


def _place(pan: float, language: str) -> str:
    """Where somebody stands: L 100 to R 100, as mixing desks have it."""
    return f"{'L' if pan < 0 else 'R'} {abs(pan) * 100:.0f}" if pan else _TEXTS["middle"].text(language)
