"""The doctor of references: what a recording is worth as the clip of a voice, what to do, and its best stretch.

Each finding is a number with a verdict and words; a model copies what it hears, so noise, echo, cut tops and a
telephone's narrow band are copied as well. The stretch that is proposed begins and ends at pauses.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from studio.voices.persons import two_persons
from studio.voices.recording import BUCKET_DB, EIGHT_BITS, FRAME_S, LONGEST_S, QUIETEST_DB, Recording, Spectrum
from studio.words import Words

Verdict = Literal["good", "fair", "poor"]
BEST_S = 3.0, 10.0  # of a proposed stretch
WISHED_S = 8.0
PAUSE_S, AROUND_S = 0.2, 0.12  # a pause, and the quiet that stays around speech
BREATH_S = 0.6  # inside a stretch; longer pauses count against it
PEAKS = 600  # of the picture
WINDOW_S, VOICED = 1.5, 12  # of speech that are compared with each other, and voiced frames that each needs
CAPPED_DB = 60.0
HUM_DB = 48.0, 30.0  # below the speech: less is fair, and then poor
MUSIC, MUSIC_DB = 0.4, (50.0, 25.0)  # share of the pauses that have tones; as for hum
BY = {"pitch": Words("their pitch", "从音高看，"), "timbre": Words("their timbre", "从音色看，")}
SURE = 8  # frames of one level whose mean spectrum means something
HIDES_DB = 18.0  # of signal to noise: below it, noise covers the top of the spectrum


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    id: str
    label: Words
    verdict: Verdict
    told: Words  # what was found, with its number
    advice: Words = Words("", "")  # what to do; empty where nothing is
    value: float | None = None
    unit: str = ""


@dataclass(frozen=True)
class Stretch:
    """A part of a recording that would make a good clip."""

    start: float  # seconds
    end: float
    speech_s: float
    snr_db: float

    @property
    def seconds(self) -> float:
        return self.end - self.start


@dataclass(frozen=True)
class Diagnosis:
    """What the doctor says of a recording."""

    name: str
    seconds: float  # looked at
    partial: bool  # only the first ten minutes were
    rate: int
    channels: int
    codec: str
    found_by: str  # what found the speech: silero or energy
    findings: tuple[Finding, ...]
    best: Stretch | None  # None where nobody speaks
    peaks: tuple[float, ...]  # of the picture, 0..1, over `seconds`
    speech: tuple[tuple[float, float], ...]  # where it is, in seconds

    @property
    def verdict(self) -> Verdict:
        given = {finding.verdict for finding in self.findings}
        return "poor" if "poor" in given else "fair" if "fair" in given else "good"

    def finding(self, id: str) -> Finding:
        return next(one for one in self.findings if one.id == id)


def examined(recording: Recording) -> Diagnosis:
    """What is to be said of a recording."""
    findings = [_length(recording)]
    if recording.speech.any():
        findings += [
            _level(recording), _clipping(recording), _noise(recording), _silence(recording), _bandwidth(recording),
            _speakers(recording), *_backdrop(recording),
        ]  # fmt: skip
    findings += _file(recording)
    return Diagnosis(
        recording.name, recording.seconds, recording.partial, recording.facts.rate, recording.facts.channels,
        recording.facts.codec, recording.found_by, tuple(findings), best_stretch(recording), _peaks(recording),
        tuple((round(a * FRAME_S, 2), round(b * FRAME_S, 2)) for a, b in _runs(recording.speech)),
    )  # fmt: skip


def _graded(value: float, good: float, fair: float) -> Verdict:
    """More is better."""
    return "good" if value >= good else "fair" if value >= fair else "poor"


def _length(recording: Recording) -> Finding:
    spoken, label = recording.speech_s, Words("Speech", "语音长度")
    if not spoken:
        loud = float(recording.peak.max(initial=0)) > 0.003
        return Finding(
            "length", label, "poor",
            Words("nobody speaks in it", "没有检测到语音") if loud else Words("it is silent", "没有声音"),
            Words("it may be music or noise; give one person's speech", "可能是音乐或噪声；请使用单人说话的录音")
            if loud else Words("record it again, nearer to the microphone", "请靠近麦克风重新录制"), 0.0, "s",
        )  # fmt: skip
    verdict = _graded(spoken, BEST_S[0], 1.0)
    advice = {
        "good": Words("", ""),
        "fair": Words("3 to 10 s copy a voice better; record a little more", "3 到 10 秒效果更好；请再多录一些"),
        "poor": Words("too short to copy a voice; record 3 to 10 s", "太短，无法克隆；请录 3 到 10 秒"),
    }[verdict]
    whole = recording.seconds
    told = Words(f"{spoken:.1f} s of speech in {whole:.1f} s", f"{whole:.1f} 秒中有语音 {spoken:.1f} 秒")
    return Finding("length", label, verdict, told, advice, round(spoken, 2), "s")


def _level(recording: Recording) -> Finding:
    level = _spoken_db(recording)
    verdict: Verdict = "good" if -35 <= level <= -9 else "fair" if -48 <= level <= -5 else "poor"
    quiet = Words(
        "quiet; it can be raised here, the noise with it: record nearer",
        "偏小；可在此放大，但噪声也会放大：请靠近麦克风",
    )
    loud = Words("very loud; turn the input down and record again", "过响；请调低输入音量后重录")
    advice = Words("", "") if verdict == "good" else quiet if level < -20 else loud
    return Finding(
        "level",
        Words("Level", "音量"),
        verdict,
        Words(f"{level:.0f} dB", f"{level:.0f} dB"),
        advice,
        round(level, 1),
        "dB",
    )


def _clipping(recording: Recording) -> Finding:
    cut = int(recording.clipped.sum())
    share = cut / max(1.0, recording.speech_s * recording.facts.rate)
    verdict: Verdict = "good" if share < 2e-5 else "fair" if share < 1e-3 else "poor"
    told = (
        Words("no cut tops", "没有削波")
        if verdict == "good"
        else Words(f"{share:.2%} of the samples are cut off", f"{share:.2%} 的采样被削顶")
    )
    advice = (
        Words("", "")
        if verdict == "good"
        else Words(
            "take a stretch without them, or record with the input turned down",
            "请选用没有削波的片段，或调低输入音量后重录",
        )
    )
    return Finding("clipping", Words("Clipping", "削波"), verdict, told, advice, round(100 * share, 4), "%")


def _noise(recording: Recording) -> Finding:
    snr = signal_to_noise(recording, slice(None))
    verdict = _graded(snr, 29, HIDES_DB)
    shown = f"{snr:.0f}" if snr < CAPPED_DB else f"{CAPPED_DB:.0f}+"
    told = Words(f"speech is {shown} dB above the noise", f"语音比噪声高 {shown} dB")
    advice = {
        "good": Words("", ""),
        "fair": Words(
            "a little noise will be copied; denoise it, or record in a quieter room",
            "会带入少量噪声；可先降噪，或换安静的环境录制",
        ),
        "poor": Words(
            "the noise or music will be copied with the voice; record in a quiet room",
            "噪声或音乐会一起被克隆；请在安静的环境重录",
        ),
    }[verdict]  # fmt: skip
    return Finding("noise", Words("Noise", "噪声"), verdict, told, advice, round(snr, 1), "dB")


def _silence(recording: Recording) -> Finding:
    runs = _runs(recording.speech)
    before, after = runs[0][0] * FRAME_S, max(0.0, recording.seconds - runs[-1][1] * FRAME_S)
    share = max(0.0, 1 - recording.speech_s / max(recording.seconds, FRAME_S))
    verdict = "good" if share < 0.5 and max(before, after) < 2 else "fair" if share < 0.9 else "poor"
    told = Words(
        f"{share:.0%} without speech; {before:.1f} s before it, {after:.1f} s after it",
        f"{share:.0%} 没有语音；开头 {before:.1f} 秒，结尾 {after:.1f} 秒",
    )
    advice = (
        Words("", "")
        if verdict == "good"
        else Words("use the proposed stretch; the rest is left out", "请使用推荐片段，其余部分会去掉")
    )
    return Finding("silence", Words("Silence", "静音"), verdict, told, advice, round(100 * share, 1), "%")  # type: ignore[arg-type]


def _bandwidth(recording: Recording) -> Finding:
    top = bandwidth(recording.spectrum)
    verdict = _graded(top, 7000, 5000)
    if verdict == "poor" and signal_to_noise(recording, slice(None)) < HIDES_DB:
        verdict = "fair"  # the noise may hide what is above
    told = Words(f"sound up to {top / 1000:.1f} kHz", f"有效频率到 {top / 1000:.1f} kHz")
    if recording.facts.rate / 2 > top * 1.5 and verdict != "good":
        held = recording.facts.rate / 1000
        told = Words(f"{told.en}, in a file of {held:g} kHz", f"{told.zh}，而文件采样率为 {held:g} kHz")
    advice = {
        "good": Words("", ""),
        "fair": Words("a little dull; a better copy sounds clearer", "略闷；换一份更清晰的音频会更好"),
        "poor": Words(
            "like a telephone: the voice will sound so too; find the original recording",
            "像电话音质，克隆后也会如此；请找原始录音",
        ),
    }[verdict]  # fmt: skip
    return Finding("bandwidth", Words("Bandwidth", "带宽"), verdict, told, advice, round(top), "Hz")


def _speakers(recording: Recording) -> Finding:
    label = Words("Speakers", "说话人")
    found = two_persons(_pitches(recording), recording.timbres)
    if found is None:
        told = Words("too little speech to tell whether it is one person", "语音太短，无法判断是否只有一人")
        return Finding("speakers", label, "good", told)
    if found.sure < 0.5:
        told = Words("sounds like one person", "听起来是同一个人")
        return Finding("speakers", label, "good", told, value=found.sure)
    percent, by = f"{found.sure:.0%}", BY[found.by]
    told = Words(
        f"perhaps more than one person, by {by.en} ({percent} sure)", f"{by.zh}可能不止一个人（把握 {percent}）"
    )
    advice = Words("listen, and take a stretch in which one person speaks", "请试听，选用只有一个人说话的片段")
    return Finding("speakers", label, "poor" if found.sure >= 0.8 else "fair", told, advice, found.sure)


def _backdrop(recording: Recording) -> Iterator[Finding]:
    """Hum and music under the speech; nothing where none is heard."""
    speech = _spoken_db(recording)
    if (hum := recording.hum) is not None and (below := speech - hum.level_db) < HUM_DB[0]:
        told = Words(
            f"the mains hum at {hum.hertz:g} Hz, {below:.0f} dB below the speech",
            f"有 {hum.hertz:g} Hz 的交流电流声，比语音低 {below:.0f} dB",
        )
        advice = Words(
            "it will be copied; move away from chargers and lamps, run the laptop on battery, or take it out with a "
            "notch filter first",
            "会被一起克隆；请远离充电器和灯具、改用电池供电后重录，或先用陷波滤波器去除",
        )
        yield Finding(
            "hum", Words("Hum", "电流声"), "fair" if below >= HUM_DB[1] else "poor", told, advice, round(below, 1), "dB"
        )
    music = recording.music
    if music is not None and music.share >= MUSIC and (below := speech - music.level_db) < MUSIC_DB[0]:
        told = Words(
            f"there is music under it, {below:.0f} dB below the speech", f"有背景音乐，比语音低 {below:.0f} dB"
        )
        advice = Words(
            "it would be copied with the voice; find the recording without music, or take the voice out of it first",
            "音乐会被当成音色的一部分；请使用没有配乐的录音，或先分离人声",
        )
        verdict: Verdict = "fair" if below >= MUSIC_DB[1] else "poor"
        yield Finding("music", Words("Music", "背景音乐"), verdict, told, advice, round(below, 1), "dB")


def _file(recording: Recording) -> Iterator[Finding]:
    """What is to be said of the file itself; nothing of a plain one."""
    label, facts = Words("File", "文件"), recording.facts
    if facts.codec in EIGHT_BITS:
        yield Finding(
            "depth", label, "fair", Words("8 bits a sample", "每个采样 8 位"),
            Words("its grain will be copied; find one with 16 bits", "量化噪声会被克隆；请使用 16 位的版本"), 8, "bit",
        )  # fmt: skip
    if facts.channels > 1:
        told = Words(f"{facts.channels} channels, heard as one", f"{facts.channels} 个声道，已合并为单声道")
        yield Finding("channels", label, "good", told, value=facts.channels)
    if recording.partial:
        minutes = f"{LONGEST_S / 60:.0f}"
        yield Finding(
            "partial", label, "fair",
            Words(f"only the first {minutes} minutes were looked at", f"只检查了前 {minutes} 分钟"),
            Words("cut out the part that you mean", "请先截取需要的部分"), LONGEST_S, "s",
        )  # fmt: skip


# --- measures


def signal_to_noise(recording: Recording, where: slice) -> float:
    """dB between speech and what is heard when nobody speaks; what sounds all the time where somebody always does."""
    level, chance = recording.level_db[where], recording.chance[where]
    spoken = level[chance >= 0.5]
    if not len(spoken):
        return 0.0
    quiet = level[recording.quiet[where]]
    if len(quiet) < 10:
        return float(np.clip(recording.heard_db - recording.floor_db, 0, CAPPED_DB))
    return float(np.clip(_mean_db(spoken, spoken) - float(np.median(quiet)), 0, CAPPED_DB))


def bandwidth(spectrum: Spectrum) -> float:
    """Hz up to which there is speech: where its spectrum ends in the loud frames, or goes down into the quiet ones'."""
    power, count = spectrum.power, spectrum.count
    held = np.flatnonzero(count)
    mean = power[held] / count[held, None]
    share = np.cumsum(count[held]) / count.sum()
    top = held[np.searchsorted(share, 0.98)]
    near = (held >= top - round(40 / BUCKET_DB)) & (held <= top)
    sure = near & (count[held] >= SURE)  # the spectrum of a single frame of noise has tops by chance
    loud = mean[sure if sure.any() else near].max(axis=0)
    still = held[: int(np.searchsorted(share, 0.1)) + 1]
    quiet = power[still].sum(axis=0) / count[still].sum()
    width = max(1, round(200 / (spectrum.hertz[1] or 1)))
    kernel = np.ones(width) / width
    loud, quiet = np.convolve(loud, kernel, "same"), np.convolve(quiet, kernel, "same")
    speech = (loud > loud.max() * 10**-6.5) & (loud > quiet * 10**0.4)
    tops = np.flatnonzero(np.convolve(speech, np.ones(width), "same") >= width * 0.99)
    return float(spectrum.hertz[tops[-1]]) if len(tops) else 0.0


def _pitches(recording: Recording) -> NDArray[np.float64]:
    """Pitch, in semitones, of stretches of speech."""
    found, each = [], round(WINDOW_S / FRAME_S)
    for start, end in _runs(recording.speech):
        pieces = max(1, round((end - start) / each))
        for part in np.array_split(np.arange(start, end), pieces):
            voiced = part[recording.pitch_hz[part] > 0]
            if len(voiced) >= VOICED:
                found.append(float(12 * np.log2(np.median(recording.pitch_hz[voiced]) / 55)))
    return np.array(found)


def _spoken_db(recording: Recording) -> float:
    return _mean_db(recording.level_db[recording.chance >= 0.5], recording.level_db[recording.speech])


def _mean_db(levels: NDArray[np.float32], otherwise: NDArray[np.float32]) -> float:
    chosen = levels if len(levels) else otherwise
    return float(10 * np.log10(np.maximum(10 ** (chosen.astype(np.float64) / 10), 10 ** (QUIETEST_DB / 10)).mean()))


# --- the best stretch


def best_stretch(recording: Recording) -> Stretch | None:
    """The 3 to 10 s that would make the best clip, cut at pauses; None where nobody speaks."""
    runs = list(_atoms(recording))
    if not runs:
        return None
    longest = round(BEST_S[1] / FRAME_S)
    windows = [
        (first, last)
        for first in range(len(runs))
        for last in range(first, len(runs))
        if runs[last][1] - runs[first][0] <= longest
    ]
    windows = windows or [(0, 0)]
    first, last = max(windows, key=lambda one: _score(recording, runs[one[0] : one[1] + 1]))
    return _stretch(recording, runs[first][0], runs[last][1])


def _stretch(recording: Recording, start: int, end: int) -> Stretch:
    around = round(AROUND_S / FRAME_S)
    before = next((b for _, b in reversed(_runs(recording.speech)) if b <= start), 0)
    after = next((a for a, _ in _runs(recording.speech) if a >= end), len(recording.speech))
    first, last = max(before, start - around, 0), min(after, end + around, len(recording.speech))
    spoken = float(recording.speech[start:end].sum()) * FRAME_S
    finish = min(last * FRAME_S, recording.seconds)
    return Stretch(
        round(first * FRAME_S, 3), round(finish, 3), round(spoken, 2), round(_near(recording, start, end), 1)
    )


def _near(recording: Recording, start: int, end: int) -> float:
    """Signal to noise with the quiet around it."""
    around = round(2 / FRAME_S)
    return signal_to_noise(recording, slice(max(0, start - around), end + around))


def _score(recording: Recording, runs: Sequence[tuple[int, int]]) -> float:
    """Long enough, clear, not cut, without long pauses, in one voice."""
    start, end = runs[0][0], runs[-1][1]
    seconds = (end - start) * FRAME_S
    pauses = sum(max(0.0, (b[0] - a[1]) * FRAME_S - BREATH_S) for a, b in zip(runs[:-1], runs[1:], strict=True))
    cut = recording.clipped[start:end].sum() / max(1, (end - start) * FRAME_S * recording.facts.rate)
    voiced = recording.pitch_hz[start:end][recording.pitch_hz[start:end] > 0]
    spread = float(np.subtract(*np.percentile(12 * np.log2(voiced / 55), [90, 10]))) if len(voiced) > VOICED else 0.0
    short = 12 * max(0.0, BEST_S[0] - seconds)
    return (
        10 * min(seconds, WISHED_S) / WISHED_S
        + min(_near(recording, start, end), 40) / 3
        - min(30.0, 20_000 * float(cut))
        - 2 * pauses
        - max(0.0, spread - 9)
        - short
    )


def _atoms(recording: Recording) -> Iterator[tuple[int, int]]:
    """Stretches of speech between pauses, none longer than a clip may be: cut at the quietest moment otherwise."""
    longest = round(BEST_S[1] / FRAME_S)
    for start, end in _runs(recording.speech, round(PAUSE_S / FRAME_S)):
        at = start
        while end - at > longest:
            half = at + longest // 2
            cut = half + int(np.argmin(recording.level_db[half : at + longest]))
            yield at, cut
            at = cut
        yield at, end


def _runs(mask: NDArray[np.bool_], gap: int = 1) -> list[tuple[int, int]]:
    """(start, end) of where the mask is true; runs nearer than `gap` frames are one."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    found: list[tuple[int, int]] = []
    for start, end in edges.reshape(-1, 2).tolist():
        if found and start - found[-1][1] < gap:
            found[-1] = found[-1][0], end
        else:
            found.append((start, end))
    return found


def _peaks(recording: Recording) -> tuple[float, ...]:
    """The picture: the loudest of each of at most 600 stretches."""
    peak = np.minimum(recording.peak, 1)
    edges = np.linspace(0, len(peak), min(PEAKS, len(peak)) + 1).astype(int)[:-1]
    return tuple(round(float(one), 3) for one in np.maximum.reduceat(peak, edges)) if len(peak) else ()
