"""The pieces of text that SenseVoice writes, and the tags among them, found by name: their numbers are not fixed."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from studio.errors import BadFile
from studio.words import Words

MODEL = "chn_jpn_yue_eng_ko_spectok.bpe.model"
LARGEST = 1 << 26  # bytes of a tokenizer; the published one has 377,341
SPACE = "▁"  # how SentencePiece writes the space before a word


@dataclass(frozen=True)
class Tag:
    """One label of a family."""

    name: str  # ours
    piece: str  # as the vocabulary writes it
    words: Words
    emoji: str = ""


LANGUAGES = (
    Tag("zh", "zh", Words("Mandarin", "普通话")),
    Tag("yue", "yue", Words("Cantonese", "粤语")),
    Tag("en", "en", Words("English", "英语")),
    Tag("ja", "ja", Words("Japanese", "日语")),
    Tag("ko", "ko", Words("Korean", "韩语")),
    Tag("", "nospeech", Words("no speech", "无语音")),
)
UNKNOWN = "unknown"
EMOTIONS = (
    Tag("happy", "HAPPY", Words("happy", "高兴"), "😊"),
    Tag("sad", "SAD", Words("sad", "悲伤"), "😔"),
    Tag("angry", "ANGRY", Words("angry", "生气"), "😡"),
    Tag("neutral", "NEUTRAL", Words("neutral", "中性")),
    Tag("fearful", "FEARFUL", Words("fearful", "恐惧"), "😰"),
    Tag("disgusted", "DISGUSTED", Words("disgusted", "厌恶"), "🤢"),
    Tag("surprised", "SURPRISED", Words("surprised", "惊讶"), "😮"),
    Tag(UNKNOWN, "EMO_UNKNOWN", Words("undecided", "不确定")),
)
EVENTS = (
    Tag("speech", "Speech", Words("speech", "说话")),
    Tag("music", "BGM", Words("music", "音乐"), "🎼"),
    Tag("applause", "Applause", Words("applause", "掌声"), "👏"),
    Tag("laughter", "Laughter", Words("laughter", "笑声"), "😀"),
    Tag("crying", "Cry", Words("crying", "哭声"), "😭"),
    Tag("sneeze", "Sneeze", Words("sneeze", "喷嚏"), "🤧"),
    Tag("breath", "Breath", Words("breath", "呼吸声"), "😮‍💨"),
    Tag("cough", "Cough", Words("cough", "咳嗽"), "😷"),
    Tag("singing", "Sing", Words("singing", "歌声"), "🎤"),
    Tag("noise", "Speech_Noise", Words("noise", "噪声"), "📢"),
    Tag("babble", "GBG", Words("babble", "嘈杂人声"), "💬"),
    Tag(UNKNOWN, "Event_UNK", Words("something else", "其他声音"), "❓"),
)
FORMATS = (Tag("written", "withitn", Words("", "")), Tag("spoken", "woitn", Words("", "")))


@dataclass(frozen=True)
class Family:
    """The tags of one kind that a vocabulary has, with their numbers."""

    tags: tuple[Tag, ...]
    ids: tuple[int, ...]


class Vocabulary:
    """The published SentencePiece model."""

    def __init__(self, root: Path) -> None:
        """`BadFile` where it is damaged or of another model."""
        from sentencepiece import SentencePieceProcessor

        path = root / MODEL
        self._path = path
        self._pieces = SentencePieceProcessor()
        try:
            if path.stat().st_size > LARGEST:
                raise ValueError(path.stat().st_size)
            self._pieces.LoadFromSerializedProto(path.read_bytes())
        except (OSError, RuntimeError, ValueError, TypeError) as error:
            raise self._bad("damaged or not a SentencePiece model", "已损坏或不是 SentencePiece 模型") from error
        self.languages = self._family(LANGUAGES, needed=len(LANGUAGES))
        self.emotions = self._family(EMOTIONS, needed=2)
        self.events = self._family(EVENTS, needed=2)
        self.formats = self._family(FORMATS, needed=2)
        self._tags = {id for id in range(len(self)) if self.piece(id).startswith("<") and self.piece(id).endswith(">")}

    def __len__(self) -> int:
        return int(self._pieces.GetPieceSize())

    def piece(self, id: int) -> str:
        return str(self._pieces.IdToPiece(id))

    def is_text(self, id: int) -> bool:
        """It is neither a tag nor a sign of the model's own."""
        return id not in self._tags

    def text(self, ids: Sequence[int]) -> str:
        """As SentencePiece joins pieces, tags as they are."""
        return str(self._pieces.DecodeIds(list(ids)))

    def ids(self, text: str) -> list[int]:
        """A text in pieces; what the vocabulary lacks is left out."""
        return [id for id in self._pieces.EncodeAsIds(text) if self.is_text(id)]

    def _family(self, tags: Sequence[Tag], needed: int) -> Family:
        unknown = self._pieces.unk_id()
        found = [(tag, id) for tag in tags if (id := self._pieces.PieceToId(f"<|{tag.piece}|>")) != unknown]
        if len(found) < needed:
            absent = next(tag.piece for tag in tags if tag not in [known for known, _ in found])
            raise self._bad(f"it has no <|{absent}|>", f"缺少 <|{absent}|>")
        return Family(tuple(tag for tag, _ in found), tuple(id for _, id in found))

    def _bad(self, en: str, zh: str) -> BadFile:
        return BadFile(
            f"{MODEL}: not the vocabulary of SenseVoiceSmall ({en}); install the model again, or check the folder",
            f"{MODEL}：不是 SenseVoiceSmall 的词表（{zh}）；请重新安装模型，或检查所给的文件夹",
            where=str(self._path),
        )
