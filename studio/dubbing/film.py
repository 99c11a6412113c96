"""A film with another sound: its pictures are copied as they are, the dub becomes the first sound track.

Nothing is decoded but what is heard under the speech. Packets are written in the order of their times, so a film of
hours passes through in flat memory.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from studio.audio.clip import Samples
from studio.audio.drafts import Draft, check_target
from studio.audio.panning import LAYOUTS
from studio.errors import BadFile

CONTAINERS = {".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".mkv": "matroska"}
AHEAD_S = 0.5  # that sound is written before the pictures it belongs to
BITRATES = {1: 128_000, 2: 192_000}  # of so many channels


def check_film(video: Path, target: Path) -> None:
    """Refuse, before any work, a film that has no pictures and a name that cannot be written. `BadFile`."""
    if target.suffix.lower() not in CONTAINERS:
        raise BadFile(
            f"{target.name}: a film is written as .mp4 or .mkv; choose such a name",
            f"{target.name}：视频只能写成 .mp4 或 .mkv；请改文件名",
            where="output",
        )
    check_target(target)
    with _opened(video):
        pass


def has_sound(video: Path) -> bool:
    """Whether a film has a sound track. `BadFile` for what is no film."""
    with _opened(video) as film:
        return bool(film.streams.audio)


def write_film(
    video: Path,
    target: Path,
    sound: Iterator[Samples],
    rate: int,
    tags: dict[str, str],
    channels: int = 1,
    *,
    keep_sound: bool = False,
) -> None:
    """`video` with `sound` (of `channels`, at `rate`) as its sound, to `target`; `keep_sound` keeps its own too.

    Complete or not at all. `BadFile` for a damaged film, or pictures that this container cannot hold.
    """
    import av

    check_film(video, target)
    container = CONTAINERS[target.suffix.lower()]
    with _opened(video) as film, Draft(target) as draft:
        try:
            out: Any = av.open(draft, "w", format=container, options=_options(container))
            out.metadata.update(tags)
            _copied(film, out, sound, rate, channels, keep_sound)
            out.close()
        except (av.FFmpegError, ValueError) as error:
            raise BadFile(
                f"{video.name}: its pictures cannot be copied into {target.suffix} ({str(error)[:100]}); try .mkv, or"
                " export the film again",
                f"{video.name}：无法把画面复制到 {target.suffix}（{str(error)[:100]}）；请改用 .mkv，或重新导出视频",
                where="video",
            ) from error
        draft.commit()


def _options(container: str) -> dict[str, str]:
    return {"movflags": "use_metadata_tags"} if container in ("mp4", "mov") else {}


def _opened(video: Path) -> Any:
    """The film, open for reading."""
    import av

    try:
        film: Any = av.open(str(video), "r", metadata_errors="replace")
    except (av.FFmpegError, OSError, ValueError) as error:
        reason = "there is no such file" if not video.exists() else "it is no film, or it is damaged"
        grund = "文件不存在" if not video.exists() else "不是视频，或文件已损坏"
        raise BadFile(
            f"{video.name}: cannot be read: {reason}", f"{video.name} 无法读取：{grund}", where="video"
        ) from error
    pictures = [one for one in film.streams.video if "attached_pic" not in (one.disposition.name or "")]
    if not pictures:
        film.close()
        raise BadFile(
            f"{video.name}: there are no pictures in it; a background track goes with --background",
            f"{video.name}：里面没有画面；背景音轨请用 --background",
            where="video",
        )
    return film


def _copied(film: Any, out: Any, sound: Iterator[Samples], rate: int, channels: int, keep_sound: bool) -> None:
    from studio.audio.muxing import audio_frame

    pictures = film.streams.video[0]
    voice = out.add_stream("aac", rate=rate, layout=LAYOUTS[channels], format="fltp")
    voice.bit_rate = BITRATES[channels]
    copies = {pictures.index: out.add_stream_from_template(pictures)}
    if keep_sound and film.streams.audio:
        copies[film.streams.audio[0].index] = out.add_stream_from_template(film.streams.audio[0])
    frames, sound = 0, (block for block in sound if len(block))
    for packet in film.demux([one for one in film.streams if one.index in copies]):
        if packet.dts is None:  # the end of a stream
            continue
        due = float(packet.dts * packet.time_base) + AHEAD_S
        while frames / rate < due and (block := next(sound, None)) is not None:
            out.mux(voice.encode(audio_frame(block, "fltp", rate, frames)))
            frames += len(block)
        packet.stream = copies[packet.stream.index]
        out.mux(packet)
    for block in sound:
        out.mux(voice.encode(audio_frame(block, "fltp", rate, frames)))
        frames += len(block)
    out.mux(voice.encode(None))
