"""What a format cannot keep: found by writing, reading back and comparing, so that nothing is lost in silence."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from studio.errors import BadFile
from studio.manuscripts.subtitles import read_subtitles
from studio.text.cues import Cue, Subtitles
from studio.text.subtitles import FORMATS, JSON_FORMAT, whole
from studio.words import Words, counted

SAME_S = 0.0055  # formats count milliseconds or hundredths

WHAT: dict[str, Words] = {
    "cues": Words("whole cues", "整条字幕"),
    "text": Words("letters of texts", "文字内容"),
    "breaks": Words("line breaks", "换行"),
    "speaker": Words("speakers", "说话人"),
    "start": Words("when cues begin", "开始时间"),
    "end": Words("when cues end", "结束时间"),
    "precision": Words("milliseconds: times are rounded to 10 ms", "毫秒：时间取整到 10 毫秒"),
    "looks": Words("bold, italic, underlined and struck-out text", "粗体、斜体、下划线、删除线"),
    "color": Words("colours of words", "文字颜色"),
    "words": Words("times of words", "逐词时间"),
    "word_ends": Words("when words end", "词的结束时间"),
    "style": Words("styles", "样式"),
    "align": Words("places on the screen", "屏幕位置"),
    "settings": Words("WebVTT settings", "WebVTT 位置设置"),
    "layer": Words("layers", "图层"),
    "margins": Words("margins", "边距"),
    "effect": Words("effects", "特效"),
    "codes": Words("override codes", "ASS 特效代码"),
    "id": Words("identifiers", "标识"),
    "note": Words("comments", "注释"),
    "title": Words("the title", "标题"),
    "author": Words("the author", "作者"),
    "styles": Words("definitions of styles", "样式定义"),
    "info": Words("what the file says about itself", "文件信息"),
    "blocks": Words("style sheets of WebVTT", "WebVTT 样式表"),
}


@dataclass(frozen=True)
class Loss:
    """Something that a format does not keep."""

    what: str  # a key of WHAT
    cues: int  # that are concerned; 0 where it is said of the whole

    @property
    def words(self) -> Words:
        name = WHAT[self.what]
        if not self.cues:
            return Words(f"not kept: {name.en}", f"不保留：{name.zh}")
        return Words(f"not kept: {name.en} ({counted(self.cues, 'cue')})", f"不保留：{name.zh}（{self.cues:,} 条）")

    def to_json(self) -> dict[str, Any]:
        return {"what": self.what, "cues": self.cues, "words": self.words._asdict()}


def losses(found: Subtitles, format: str) -> tuple[Loss, ...]:
    """What `format` (one of `subtitles.FORMATS`) does not keep of these subtitles, in the order of WHAT."""
    before = whole(found)
    try:
        after = read_subtitles(FORMATS[format][1](before), format, JSON_FORMAT)
    except BadFile:
        return (Loss("cues", len(before.cues)),) if before.cues else ()
    count: Counter[str] = Counter()
    ours = sorted(before.cues, key=lambda cue: cue.start)
    if len(ours) != len(after.cues):
        count["cues"] = abs(len(ours) - len(after.cues))
    for one, other in zip(ours, after.cues, strict=False):
        count.update(_differences(one, other))
    said = [name for name in ("title", "author", "info", "blocks") if getattr(before, name) != getattr(after, name)]
    if any(not after.styles.get(name) for name in before.styles):
        said.append("styles")
    return tuple(Loss(what, count[what]) for what in WHAT if what in count or what in said)


def _differences(one: Cue, other: Cue) -> Iterator[str]:
    """What is not the same in the same cue of two formats."""
    if "".join(one.text.split()) != "".join(other.text.split()):
        yield "text"
    elif one.text != other.text:
        yield "breaks"
    yield from _of_time(one, other)
    looks = [{s for s in cue.spans if s.look != "color"} for cue in (one, other)]
    colours = [{s for s in cue.spans if s.look == "color"} for cue in (one, other)]
    if looks[0] - looks[1]:
        yield "looks"
    if colours[0] - colours[1]:
        yield "color"
    if one.words:
        yield from _of_words(one, other)
    if one.style not in ("", one.speaker, other.speaker) and one.style != other.style:
        yield "style"
    if one.align and one.align != other.align:
        yield "align"
    for name in ("speaker", "settings", "layer", "effect", "codes", "id", "note"):
        if getattr(one, name) and getattr(one, name) != getattr(other, name):
            yield name
    if any(one.margins) and one.margins != other.margins:
        yield "margins"


def _of_time(one: Cue, other: Cue) -> Iterator[str]:
    apart = abs(one.start - other.start), abs(one.end - other.end)
    if apart[0] > SAME_S:
        yield "start"
    if apart[1] > SAME_S:
        yield "end"
    if any(0.00055 < a <= SAME_S for a in apart):
        yield "precision"


def _of_words(one: Cue, other: Cue) -> Iterator[str]:
    if [w.text for w in one.words] != [w.text for w in other.words] or any(
        abs(a.start - b.start) > 2 * SAME_S for a, b in zip(one.words, other.words, strict=True)
    ):
        yield "words"
    elif any(abs(a.end - b.end) > 2 * SAME_S for a, b in zip(one.words, other.words, strict=True)):
        yield "word_ends"
