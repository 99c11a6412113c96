"""The file formats that the studio writes, declared once; interface, command line and documents are built from this."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from studio.errors import BadFile
from studio.words import Words

RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)


@dataclass(frozen=True)
class Format:
    """One kind of file. Each takes tags, chapters and a cover; where players show them is in `note`."""

    id: str
    label: Words
    note: Words  # when to choose it
    extensions: tuple[str, ...]  # with the dot; the first is the one we give
    mime: str
    lossy: bool
    bitrates: tuple[int, ...] = ()  # bits per second to choose from; empty for exact formats
    bitrate: int | None = None  # the default
    stereo: int | None = None  # and that of two channels
    rates: tuple[int, ...] = ()  # sample rates of the coder; empty: whatever the sound has

    @property
    def extension(self) -> str:
        return self.extensions[0]

    def rate_for(self, rate: int, bitrate: int | None = None) -> int:
        """The sample rate of the file: `rate` where the coder has it and it carries `bitrate`, else the next above."""
        if not self.rates:
            return rate
        fitting = [r for r in self.rates if (bitrate or 0) <= _most(self.id, r)]
        return min((r for r in fitting if r >= rate), default=max(fitting))

    def settle(self, bitrate: int | None, channels: int = 1) -> int | None:
        """`bitrate` or the default of so many channels; `BadFile` with the choices for any other value."""
        if bitrate is None or bitrate in self.bitrates:
            return bitrate or (self.bitrate if channels == 1 else self.stereo)
        if not self.bitrates:
            raise BadFile(
                f"bit rate {bitrate / 1000:g} kbit/s: {self.label.en} is exact and has none; leave it out",
                f"码率 {bitrate / 1000:g} kbit/s：{self.label.zh} 是无损格式，没有码率；请不要填写",
                where="bitrate",
            )
        choices = [f"{b // 1000}" for b in self.bitrates]
        raise BadFile(
            f"bit rate {bitrate / 1000:g} kbit/s: {self.label.en} takes {', '.join(choices)}",
            f"码率 {bitrate / 1000:g} kbit/s：{self.label.zh} 可选 {'、'.join(choices)}",
            where="bitrate",
        )


def _most(format_id: str, rate: int) -> int:
    """Bits per second that one channel may have at `rate`."""
    if format_id == "mp3":  # MPEG-2.5, MPEG-2 and MPEG-1 layer III
        return 64_000 if rate < 16_000 else 160_000 if rate < 32_000 else 320_000
    if format_id in ("m4a", "m4b"):
        return 6144 * rate // 1024  # bits of one AAC frame
    return 512_000


def _aac(format_id: str, label: Words, note: Words, *extensions: str) -> Format:
    choices = (32_000, 48_000, 64_000, 96_000, 128_000)
    return Format(format_id, label, note, extensions, "audio/mp4", True, choices, 64_000, 128_000, RATES)


FORMATS: tuple[Format, ...] = (
    Format(
        "wav",
        Words("WAV", "WAV"),
        Words("uncompressed, opens everywhere", "无压缩，任何软件都能打开"),
        (".wav",),
        "audio/wav",
        lossy=False,
    ),
    Format(
        "flac",
        Words("FLAC", "FLAC"),
        Words("exact, about half the size of WAV", "无损，体积约为 WAV 的一半"),
        (".flac",),
        "audio/flac",
        lossy=False,
    ),
    Format(
        "mp3",
        Words("MP3", "MP3"),
        Words("plays on every device", "任何设备都能播放"),
        (".mp3",),
        "audio/mpeg",
        lossy=True,
        bitrates=(48_000, 64_000, 96_000, 128_000, 160_000, 192_000, 256_000, 320_000),
        bitrate=128_000,
        stereo=160_000,
        rates=RATES,
    ),
    Format(
        "opus",
        Words("Opus", "Opus"),
        Words("the smallest file for the quality", "同等音质下体积最小"),
        (".opus", ".ogg"),
        "audio/ogg",
        lossy=True,
        bitrates=(16_000, 24_000, 32_000, 48_000, 64_000, 96_000, 128_000),
        bitrate=48_000,
        stereo=96_000,
        rates=(48_000,),
    ),
    _aac(
        "m4a",
        Words("M4A (AAC)", "M4A（AAC）"),
        Words("AAC for phones and podcasts", "AAC，适合手机与播客"),
        ".m4a",
        ".mp4",
    ),
    _aac(
        "m4b",
        Words("M4B audiobook", "M4B 有声书"),
        Words("one book, one file, with a chapter list", "一本书一个文件，带章节目录"),
        ".m4b",
    ),
)


def format_named(name: str) -> Format:
    """The format with that id; `BadFile` lists the formats otherwise."""
    for format in FORMATS:
        if format.id == name.lower():
            return format
    raise _unknown(name)


def format_for(path: str | Path) -> Format:
    """The format that the name of a file, or an id, asks for; `BadFile` lists the formats otherwise."""
    name = str(path)
    suffix = Path(name).suffix.lower()
    for format in FORMATS:
        if suffix in format.extensions or name.lower().lstrip(".") in (format.id, *_bare(format.extensions)):
            return format
    raise _unknown(name)


def _bare(extensions: Iterable[str]) -> Iterable[str]:
    return (extension[1:] for extension in extensions)


def _unknown(name: str) -> BadFile:
    known = [extension for format in FORMATS for extension in format.extensions]
    return BadFile(
        f"“{name}”: its ending does not name a format; end it with {', '.join(known)}",
        f"“{name}”：从扩展名看不出格式；请使用 {'、'.join(known)} 结尾",
        where=name,
        formats=[format.id for format in FORMATS],
    )
