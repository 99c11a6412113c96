"""A bed of music or room sound under speech, mixed with pydub: loops, gain, fades, overlay.

pydub computes in whole numbers and cuts what passes full scale. It is given 32 bits and 12 dB of headroom, so that
nothing is cut and nothing audible is rounded.
"""

import warnings
from typing import Any

import numpy as np

from studio.audio.clip import Clip
from studio.audio.edit import frames, pause, resample
from studio.errors import BadRequest

HEADROOM = 4.0  # times full scale that the mixture may reach
WHOLE = 2.0**31
ROOM_MS = 2  # put behind a clip and taken away again


def underlay(
    speech: Clip,
    bed: Clip,
    *,
    bed_db: float = -20.0,
    lead_ms: float = 0.0,
    tail_ms: float = 0.0,
    fade_in_ms: float = 1000.0,
    fade_out_ms: float = 2000.0,
) -> Clip:
    """`speech` with `bed` under it, repeated or cut to length, at `bed_db`; the bed begins and ends by fading.

    The bed sounds alone for `lead_ms` before and `tail_ms` after. `BadRequest` for a bed without sound.
    """
    if not len(bed):
        raise BadRequest("the bed has no sound; give a longer clip", "背景音是空的；请换一段更长的音频", where="bed")
    rate = speech.rate
    lead, tail = pause(lead_ms, rate), pause(tail_ms, rate)
    whole = Clip(np.concatenate([lead.samples, speech.samples, tail.samples]), rate)
    under = resample(bed, rate)
    looped = Clip(np.resize(under.samples, len(whole)), rate)  # to the frame; pydub loops by whole milliseconds
    segment = _segment(looped).apply_gain(bed_db)
    length = len(segment)
    segment = segment.fade_in(min(round(fade_in_ms), length)).fade_out(min(round(fade_out_ms) + ROOM_MS, length))
    return _clip(_segment(whole).overlay(segment), len(whole))


def overlay(base: Clip, over: Clip, at_ms: float, gain_db: float = 0.0) -> Clip:
    """`over` mixed into `base` from `at_ms` on; the result is as long as what ends last."""
    rate = base.rate
    over = resample(over, rate)
    start = frames(at_ms, rate)
    if start < 0:
        raise BadRequest(
            f"position {at_ms:g} ms: must not lie before the start", f"位置 {at_ms:g} 毫秒：不能早于开头", where="at_ms"
        )
    length = max(len(base), start + len(over))
    placed = np.zeros(length, np.float32)
    placed[start : start + len(over)] = over.samples  # pydub would place by whole milliseconds
    room = np.concatenate([base.samples, np.zeros(length - len(base), np.float32)])
    return _clip(_segment(Clip(room, rate)).overlay(_segment(Clip(placed, rate)).apply_gain(gain_db)), length)


def _segment(clip: Clip) -> Any:
    """A clip as pydub has it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it misses an ffmpeg program, which nothing here needs
        from pydub import AudioSegment

    room = np.concatenate(
        [clip.samples, np.zeros(clip.rate * ROOM_MS // 1000, np.float32)]
    )  # it cuts to whole milliseconds
    scaled = np.clip(room.astype(np.float64) / HEADROOM, -1.0, 1.0 - 1 / WHOLE) * WHOLE
    return AudioSegment(scaled.astype("<i4").tobytes(), sample_width=4, frame_rate=clip.rate, channels=1)


def _clip(segment: Any, length: int) -> Clip:
    whole = np.frombuffer(segment.raw_data, "<i4")[:length]
    assert len(whole) == length
    return Clip((whole * (HEADROOM / WHOLE)).astype(np.float32), segment.frame_rate)
