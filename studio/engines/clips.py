"""A clip that a voice is made of, read and looked at before any model hears it."""

from studio.audio.clip import Clip
from studio.errors import BadFile

SHORTEST_S, LONGEST_S = 1.0, 30.0  # of a reference clip
QUIETEST = 10 ** (-50 / 20)  # peak of a clip that holds speech


def read_clip(clip: bytes, title: str, rate: int | None = None, lowest: int = 0) -> Clip:
    """The sound of a clip (an audio file) at `rate`, or at its own. `BadFile` for one that is too short, too long,
    silent, recorded at fewer than `lowest` samples a second, or no audio. `title` names the engine in messages."""
    from studio.audio.files import read_bytes

    sound = read_bytes(clip, rate, longest_s=LONGEST_S)
    if sound.rate < lowest:
        raise BadFile(
            f"the clip was recorded at {sound.rate} samples a second: {title} needs at least {lowest}; "
            "record it again, or take a better copy",
            f"片段的采样率为 {sound.rate} Hz：{title} 至少需要 {lowest} Hz；请重新录制或换一份更好的音频",
            where="voice.clip",
        )
    if sound.seconds < SHORTEST_S:
        raise BadFile(
            f"the clip lasts {sound.seconds:.1f} s: {title} needs {SHORTEST_S:g} to {LONGEST_S:g} s of speech",
            f"片段只有 {sound.seconds:.1f} 秒：{title} 需要 {SHORTEST_S:g} 到 {LONGEST_S:g} 秒的语音",
            where="voice.clip",
        )
    if float(abs(sound.samples).max()) < QUIETEST:
        raise BadFile(
            "the clip is silent; record it again, nearer to the microphone",
            "片段没有声音；请靠近麦克风重新录制",
            where="voice.clip",
        )
    return sound
