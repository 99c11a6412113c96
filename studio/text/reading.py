"""The door of the room: a text as written becomes the utterances that an engine will speak, and an account of the rest.

    source ─ marks checked ─ markup off ─ cut at pauses ─ cut into sentences ─ each normalised, its spans made whole

Every utterance shows the slice of the source that it came from; the slices joined are the source. Every mark is
accounted for, and so is all that is left unsaid.
"""

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

from studio.errors import BadText
from studio.text.declarations import EMOTIONS
from studio.text.edits import Edited
from studio.text.language import detect, speakable
from studio.text.marks import (
    Close,
    How,
    MarkNote,
    Native,
    Node,
    Open,
    Pause,
    Say,
    Sound,
    Text,
    Unknown,
    parse,
    plain,
    render,
    without_escapes,
)
from studio.text.normalise import Dropped, Settings, main_language, settle, structure, utter_nodes
from studio.text.sentences import Even, Piece, Size, split
from studio.words import Words

BREAK_MS = 250  # of a [break] that the engine does not know
Honours = Mapping[str, tuple[str, Words]]


@dataclass(frozen=True)
class Utterance:
    """What one recipe will speak."""

    original: str  # as written: a slice of the source
    text: str  # as said; only marks that the engine honours, in our syntax
    language: str  # of most of it
    pause_ms: int | None  # exact silence demanded after it; None is the natural pause
    paragraph_end: bool
    emotion: str = ""  # that the voice has a clip of its own for; nothing else is in the utterance


@dataclass(frozen=True)
class Reading:
    """A whole text, ready to be spoken."""

    utterances: tuple[Utterance, ...]
    notes: tuple[MarkNote, ...]  # what became of every mark, and of everything that is not spoken
    lead_ms: int = 0  # silence before the first utterance


def read(
    text: str,
    *,
    honours: Honours,
    native: Iterable[str] = (),
    language: str = "auto",
    steps: Mapping[str, Any] | None = None,
    target: int = 120,
    longest: int = 400,
    limit: int | None = None,
    clips: Collection[str] = (),
    even: Even | None = None,
    size: Size = len,
) -> Reading:
    """`text` as utterances of about `target` and at most `longest` characters, or of what `size` counts.

    `even` asks for pieces that are not too short either.
    `clips` are the emotions that the voice has a clip for: what stands in such a span is an utterance of its own.
    `honours` says for each mark what the engine makes of it (`honoured`, `approximated`, `ignored`; absent is ignored)
    and what one hears. `BadText` when a mark is wrong, when the text has more than `limit` characters, and, with the
    field `empty`, when nothing in it can be spoken.
    """
    _refuse_too_long(text, limit)
    reader = _Reader(text, honours, tuple(native), language, settle(steps), target, longest, clips, even, size)
    utterances = _gathered(reader.utterances())
    if not utterances.spoken:
        raise _nothing_to_say(text)
    return Reading(tuple(utterances.spoken), tuple(sorted(reader.notes, key=lambda n: n.at)), utterances.lead_ms)


def _refuse_too_long(text: str, limit: int | None) -> None:
    if limit is not None and len(text) > limit:
        raise BadText(
            f"the text has {len(text):,} characters: at most {limit:,} fit here; split it, or make it a production",
            f"文本有 {len(text):,} 个字符，这里最多 {limit:,} 个：请分段，或用“制作”来处理长文本",
            where="text",
            length=len(text),
            limit=limit,
        )


def _nothing_to_say(text: str) -> BadText:
    if not text.strip():
        return BadText("nothing to say: the text is empty", "没有可朗读的内容：文本为空", where="text", empty=True)
    return BadText(
        "nothing to say: the text has only marks, punctuation or signs that are not read; write some words",
        "没有可朗读的内容：文本里只有标记、标点或不朗读的符号；请输入文字",
        where="text",
        empty=True,
    )


class _Reader:
    """One text on its way through the steps."""

    def __init__(
        self,
        text: str,
        honours: Honours,
        native: tuple[str, ...],
        language: str,
        settings: Settings,
        target: int,
        longest: int,
        clips: Collection[str],
        even: Even | None,
        size: Size,
    ) -> None:
        if "[" in text:
            parse(text, native)  # so that errors count lines and columns of the source
        self.honours, self.native, self.settings = honours, native, settings
        self.target, self.longest, self.clips, self.even, self.size = target, longest, clips, even, size
        self.main = main_language(text, language)
        self.edited: Edited = structure(text, settings, native)
        self.nodes = parse(self.edited.text, native)
        self.notes: list[MarkNote] = [self._note(node) for node in self.nodes if not isinstance(node, (Text, Close))]
        self._starts = [node.at for node in self.nodes]
        self._spans = _open_spans(self.nodes)
        if self.edited.applied:
            self._note_markup()

    def utterances(self) -> Iterator[Utterance]:
        """Every piece in order, also those in which nothing is said; their `original`s joined are the source."""
        for start, end, pause_ms, resume in self._stretches():
            pieces = split(self.edited.text[start:end], self.target, self.longest, self.native, self.even, self.size)
            for piece in pieces:
                last = end == len(self.edited.text)
                ends = piece.paragraph_end and (last or piece.end < end - start or _breaks(piece.text[-2:]))
                yield from self._uttered(Piece(piece.text, piece.start + start, ends))
            yield self._silence(end, resume, pause_ms)

    def _stretches(self) -> Iterator[tuple[int, int, int | None, int]]:
        """(start, end, silence after it, where the next one starts) of the text between pauses and between clips."""
        start, now = 0, ""
        for number, node in enumerate(self.nodes):
            if self.clips and (clip := self._clip((*self._spans[number], node))) != now:
                yield start, node.at, None, node.end
                start, now = node.end, clip
            if isinstance(node, Pause) or (
                isinstance(node, Sound) and node.name == "break" and not self._stays("break")
            ):
                yield start, node.at, node.ms if isinstance(node, Pause) else BREAK_MS, node.end
                start = node.end
        yield start, len(self.edited.text), None, len(self.edited.text)

    def _clip(self, spans: Iterable[Node]) -> str:
        """The emotion of the innermost span that has one, where the voice has a clip for it."""
        row: list[str] = []
        for node in spans:
            if isinstance(node, Open) and node.name == "emotion":
                row.append(node.value)
            elif isinstance(node, Close) and node.name == "emotion":
                row.pop()
        return row[-1] if row and row[-1] in self.clips else ""

    def _emotion(self, at: int) -> str:
        """What the voice's clip for the text at this place is."""
        if not self.clips or not self.nodes:
            return ""
        number = max(0, bisect_right(self._starts, at) - 1)
        node = self.nodes[number]
        begun = (node,) if node.at <= at and isinstance(node, Open) else ()
        return self._clip((*self._spans[number], *begun))

    def _silence(self, start: int, end: int, pause_ms: int | None) -> Utterance:
        return Utterance(self._original(start, end), "", self.main, pause_ms, False)

    def _uttered(self, piece: Piece) -> Iterator[Utterance]:
        """The piece as one utterance, or as several where words for its numbers made it too long."""
        nodes = self._nodes_of(piece.start, piece.end)
        language = detect(plain(nodes), self.main)
        spoken, dropped = utter_nodes(nodes, self.settings, language)
        said = render(spoken).strip() if _has_something(spoken) else ""
        if self.size(said) > self.longest and len(piece.text) > 40 and (parts := self._halves(piece)):
            for part in parts:
                yield from self._uttered(part)
            return
        self._note_dropped(dropped, piece.start)
        yield Utterance(
            self._original(piece.start, piece.end),
            said,
            language,
            None,
            piece.paragraph_end,
            self._emotion(piece.start),
        )

    def _halves(self, piece: Piece) -> list[Piece]:
        size = len(piece.text) // 2 + 1
        parts = split(piece.text, size, size, self.native)
        last = len(parts) - 1
        return [
            Piece(part.text, part.start + piece.start, piece.paragraph_end and number == last)
            for number, part in enumerate(parts)
        ] if last else []  # fmt: skip

    def _original(self, start: int, end: int) -> str:
        return self.edited.source[self.edited.origin(start) : self.edited.origin(end)]

    def _place(self, at: int) -> int:
        """Where in the source the character at `at` stands."""
        return self.edited.origin(at + 1) - 1 if at < len(self.edited.text) else len(self.edited.source)

    def _nodes_of(self, start: int, end: int) -> list[Node]:
        """The nodes between two positions, marks that are not honoured left out, open spans closed and opened again."""
        first = max(0, bisect_right(self._starts, start) - 1)
        number = first
        opened = [node for node in self._spans[first] if self._stays(node.name)] if self.nodes else []
        row: list[Node] = list(opened)
        while number < len(self.nodes) and self.nodes[number].at < end:
            node = self.nodes[number]
            number += 1
            if node.end <= start:
                if isinstance(node, Open) and self._stays(node.name):
                    opened.append(node)
                    row.append(node)
                elif isinstance(node, Close) and self._stays(node.name):
                    opened.pop()
                    row = list(opened)
                continue
            row += self._kept(node, start, end, opened)
        return _without_empty_spans([*row, *(Close(node.name) for node in reversed(opened))])

    def _kept(self, node: Node, start: int, end: int, opened: list[Open]) -> list[Node]:
        match node:
            case Text():
                if node.at >= start and node.end <= end:
                    return [node]
                source = self.edited.text[max(start, node.at) : min(end, node.end)]
                return [Text(without_escapes(source))]  # cut from the source, for an escape is shorter once read
            case Open(name):
                if not self._stays(name):
                    return []
                opened.append(node)
            case Close(name):
                if not self._stays(name):
                    return []
                opened.pop()
            case Sound(name) if not self._stays(name):
                return []
            case Say(written) if not self._stays("say"):
                return [Text(written)]
            case Unknown() | Pause():
                return []
        return [node]

    def _stays(self, name: str) -> bool:
        """Whether the engine takes the mark itself, well or nearly."""
        return self.honours.get(name, ("ignored", None))[0] in ("honoured", "approximated")

    def _note(self, node: Node) -> MarkNote:
        source = self.edited.text[node.at : node.end]
        at = self._place(node.at)
        match node:
            case Native():
                return MarkNote(source, "honoured", Words("", ""), at)
            case Unknown(_, suggestion):
                return MarkNote(source, "unknown", _unknown(suggestion), at)
            case Pause(ms):
                return MarkNote(source, "honoured", Words(f"{ms} ms of silence", f"静音 {ms} 毫秒"), at)
            case Say(written):
                return MarkNote(source, *self._fate("say", _respelled(written)), at)
            case Open("emotion", value) if value in self.clips:
                return MarkNote(source, "honoured", _spoken_by(value), at)
            case Sound(name) | Open(name):
                return MarkNote(source, *self._fate(name, _INSTEAD.get(name)), at)
        raise AssertionError(f"{node} has no note")

    def _fate(self, name: str, instead: Words | None) -> tuple[How, Words]:
        """What becomes of a mark: the engine's word for it, or what we do instead, or nothing."""
        how, note = self.honours.get(name, ("ignored", Words("", "")))
        if how in ("honoured", "approximated"):
            return cast(How, how), note
        if instead:
            return "approximated", instead
        return "ignored", note if note.en else Words(
            "this engine does not know it; it is not spoken", "此引擎不支持；不朗读"
        )

    def _note_dropped(self, dropped: Iterable[Dropped], at: int) -> None:
        for item in dropped:
            found = self.edited.text.find(item.source, at)
            where = self._place(found if found >= 0 else at)
            self.notes.append(MarkNote(item.source, "ignored", item.note, where))

    def _note_markup(self) -> None:
        """One note for all markup: its signs are many and nobody misses them."""
        count = len(self.edited.applied)
        note = Words(
            f"{count} signs of Markdown or HTML are not read", f"有 {count} 处 Markdown 或 HTML 符号不朗读"
        )  # fmt: skip
        self.notes.append(MarkNote("markup", "ignored", note, self.edited.applied[0].start))


_INSTEAD = {"break": Words(f"{BREAK_MS} ms of silence", f"静音 {BREAK_MS} 毫秒")}


def _spoken_by(emotion: str) -> Words:
    words = EMOTIONS[emotion]
    return Words(f"spoken after the voice's own clip: {words.en}", f"使用该音色的参考音频：{words.zh}")


def _respelled(written: str) -> Words:
    return Words(
        f"this engine takes no pronunciations; “{written}” is read as it reads it",
        f"此引擎不支持指定读音；“{written}”按引擎自己的读法",
    )


def _unknown(suggestion: str) -> Words:
    if suggestion:
        return Words(
            f"no such mark, not spoken; did you mean {suggestion}?", f"没有这个标记，不朗读；是不是 {suggestion}？"
        )
    return Words(
        "no such mark, not spoken; write \\[ to have the bracket spoken",
        "没有这个标记，不朗读；若要照读方括号，请写 \\[",
    )


def _open_spans(nodes: tuple[Node, ...]) -> list[tuple[Open, ...]]:
    """For each node, the spans that are open where it begins."""
    opened: tuple[Open, ...] = ()
    spans = []
    for node in nodes:
        spans.append(opened)
        if isinstance(node, Open):
            opened = (*opened, node)
        elif isinstance(node, Close):
            opened = opened[:-1]
    return spans


def _without_empty_spans(row: list[Node]) -> list[Node]:
    """`[strong][/strong]`, left by a cut at the edge of a span, says nothing."""
    kept: list[Node] = []
    for node in row:
        if isinstance(node, Close) and kept and isinstance(kept[-1], Open):
            kept.pop()
        else:
            kept.append(node)
    return kept


def _has_something(nodes: Iterable[Node]) -> bool:
    """Whether anything can be heard: words, a sound, a token of the engine; a break alone is silence."""
    for node in nodes:
        if isinstance(node, Text) and speakable(node.text):
            return True
        if isinstance(node, (Say, Native)) or (isinstance(node, Sound) and node.name != "break"):
            return True
    return False


@dataclass
class _Gathered:
    spoken: list[Utterance]
    lead_ms: int = 0


def _gathered(pieces: Iterable[Utterance]) -> _Gathered:
    """The pieces with something to say; the silence, paragraph end and source of the others go to the one before."""
    result = _Gathered([])
    before = ""  # source in front of the first utterance
    for piece in pieces:
        if piece.text:
            if result.spoken and _breaks(piece.original[: len(piece.original) - len(piece.original.lstrip())]):
                result.spoken[-1] = replace(result.spoken[-1], paragraph_end=True)
            result.spoken.append(replace(piece, original=before + piece.original))
            before = ""
        elif result.spoken:
            last = result.spoken[-1]
            pause = (
                None
                if last.pause_ms is None and piece.pause_ms is None
                else (last.pause_ms or 0) + (piece.pause_ms or 0)
            )
            ends = last.paragraph_end or piece.paragraph_end or _breaks(piece.original)
            result.spoken[-1] = replace(
                last, original=last.original + piece.original, pause_ms=pause, paragraph_end=ends
            )
        else:
            before += piece.original
            result.lead_ms += piece.pause_ms or 0
    if result.spoken:
        result.spoken[-1] = replace(result.spoken[-1], paragraph_end=True)
    return result


def _breaks(original: str) -> bool:
    return "\n" in original
