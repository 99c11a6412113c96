"""Who speaks in a cloned voice, what it may be used for and until when: the record kept in a voice's `origin`.

A voice from a clip is somebody's voice. Its record says whose, and what that person agreed to; it travels with the
voice wherever `origin` goes. What a voice without one may not do is `production.rights`' business.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from studio.errors import BadRequest, NotFound
from studio.library.plain import check_text
from studio.words import Words

KEY = "rights"  # of the record in `origin`
CLONED = "cloned"  # in `origin` of what was made from a cloned voice
USES = {
    "personal": Words("personal", "个人使用"),
    "commercial": Words("commercial", "商业用途"),
    "research": Words("research", "研究"),
    "training": Words("training of models", "训练模型"),
}
SENTENCE = Words(
    "I have the right to use this voice and the speaker's consent.", "我有权使用该声音，并已征得说话人同意。"
)
LONGEST = 200  # characters of a speaker's name
LONGEST_NOTE = 1000


@dataclass(frozen=True)
class Rights:
    """What a speaker agreed to."""

    speaker: str
    uses: tuple[str, ...] = ("personal",)  # names of `USES`
    expires: date | None = None  # the last day; None is for good
    given: date | None = None  # when it was recorded
    sentence: str = SENTENCE.en  # what was confirmed
    note: str = ""  # where the proof is: a contract, a letter

    def expired(self, today: date | None = None) -> bool:
        return self.expires is not None and self.expires < (today or date.today())  # the person's own day

    def to_json(self) -> dict[str, Any]:
        return {
            "speaker": self.speaker,
            "uses": list(self.uses),
            "expires": self.expires.isoformat() if self.expires else None,
            "given": self.given.isoformat() if self.given else None,
            "sentence": self.sentence,
            "note": self.note,
        }

    @classmethod
    def from_json(cls, plain: Any) -> "Rights | None":
        """The inverse of `to_json`; None for what is no record: it may come from a stranger's file."""
        try:
            return checked(
                plain["speaker"], plain["uses"], plain.get("expires") or "", plain.get("note") or "",
                sentence=str(plain.get("sentence") or SENTENCE.en)[:LONGEST_NOTE],
                given=_day(str(plain.get("given") or ""), "given"),
            )  # fmt: skip
        except (BadRequest, KeyError, TypeError, AttributeError):
            return None


def checked(
    speaker: str,
    uses: Sequence[str],
    expires: str = "",
    note: str = "",
    *,
    sentence: str = SENTENCE.en,
    given: date | None = None,
) -> Rights:
    """A record from what a person wrote; `expires` is `2027-12-31` or empty. `BadRequest` names the wrong field."""
    name = " ".join(check_text(speaker, "speaker", LONGEST).split())
    if not name:
        raise BadRequest(
            "speaker: whose voice it is; write the person's name, or “me”",
            "说话人：这是谁的声音；请填写姓名，或“本人”",
            where="speaker",
        )
    if isinstance(uses, str) or not uses:
        raise BadRequest(
            f"uses: what the speaker agreed to; some of {', '.join(USES)}",
            f"用途：说话人同意的用途；可选 {'、'.join(USES)}",
            where="uses",
        )
    for use in uses:
        if use not in USES:
            raise NotFound.among(Words("use", "用途"), str(use)[:40], USES, where="uses")
    kept = tuple(use for use in USES if use in uses)
    return Rights(name, kept, _day(expires, "expires"), given, sentence, check_text(note, "note", LONGEST_NOTE))


def rights_of(origin: Mapping[str, Any]) -> Rights | None:
    """The record in a voice's `origin`."""
    return Rights.from_json(origin.get(KEY))


def with_rights(origin: Mapping[str, Any], rights: Rights | None) -> dict[str, Any]:
    """`origin` with this record instead of the one in it."""
    rest = {name: value for name, value in origin.items() if name != KEY}
    return {**rest, KEY: rights.to_json()} if rights else rest


def joined(records: Sequence[Rights]) -> Rights | None:
    """What may be done with a voice made from several: what each allows. None where nothing is left."""
    uses = [use for use in USES if all(use in one.uses for one in records)]
    if not records or not uses:
        return None
    speakers = dict.fromkeys(one.speaker for one in records)
    ends = [one.expires for one in records if one.expires]
    return Rights(
        " + ".join(speakers)[:LONGEST],
        tuple(uses),
        min(ends) if ends else None,
        min((one.given for one in records if one.given), default=None),
        records[0].sentence,
    )


def today() -> date:
    """For `given`."""
    return datetime.now(UTC).date()


def _day(written: str, where: str) -> date | None:
    if not written:
        return None
    try:
        return date.fromisoformat(written)
    except (TypeError, ValueError) as error:
        raise BadRequest(
            f"{where} “{str(written)[:40]}”: write a day as 2027-12-31, or leave it empty for no end",
            f"{where}“{str(written)[:40]}”：日期写作 2027-12-31；不填表示长期有效",
            where=where,
        ) from error
