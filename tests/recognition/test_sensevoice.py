"""The recogniser: options, batches, stopping, what is wrong with files, and that it can be used again afterwards."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from studio.errors import BadFile, BadRequest, BadText, Cancelled, NotInstalled
from studio.recognition.contract import Listening, Segment, Transcript
from studio.recognition.listening import listen
from studio.recognition.registry import Recognisers
from studio.recognition.sensevoice.recogniser import SenseVoiceRecogniser, batches
from studio.stop import Stop

from .conftest import RATE, TINY, cut, imports, silence, store

AS_SPOKEN = Listening(written=False)


def said(recogniser: SenseVoiceRecogniser, *names: str, how: Listening = AS_SPOKEN) -> list[Segment]:
    return list(recogniser.listen([cut(name) for name in names], how, Stop()))


def test_words_language_emotion_and_event_are_heard(recogniser: SenseVoiceRecogniser) -> None:
    (one,) = said(recogniser, "b_cross_1")
    assert one.text == "the old clock repeats her first song"
    assert (one.language, one.emotion, one.event) == ("en", "sad", "music")
    assert [word.text for word in one.words] == one.text.split()
    assert all(0 <= a.start < a.end <= b.start + 0.07 for a, b in zip(one.words, one.words[1:], strict=False))
    assert sum(chance for _, chance in one.emotions) == pytest.approx(1)
    assert 0.9 < one.confidence <= 1


def test_options_change_the_answer(recogniser: SenseVoiceRecogniser) -> None:
    (written,) = said(recogniser, "b_cross_1", how=Listening())
    assert written.text == "The old clock repeats her first song."
    (english,) = said(recogniser, "a_zero_shot", how=Listening("en"))
    (found,) = said(recogniser, "a_zero_shot")
    assert (english.language, found.language) == ("en", "zh")
    (unsure,) = said(recogniser, "d_cross_short")
    (certain,) = said(recogniser, "d_cross_short", how=Listening(certain=True))
    assert unsure.emotion == "unknown"
    assert certain.emotion != "unknown"
    assert "unknown" not in dict(certain.emotions)


def test_neighbours_do_not_matter(recogniser: SenseVoiceRecogniser) -> None:
    names = ["c_cross_2", "a_zero_shot", "d_cross_short", "b_cross_1", "e_synth"]
    alone = [said(recogniser, name)[0] for name in names]
    together = said(recogniser, *names)
    assert [one.text for one in together] == [one.text for one in alone]
    for a, b in zip(alone, together, strict=True):
        assert dict(a.emotions) == pytest.approx(dict(b.emotions), abs=5e-3)


def test_batches_hold_what_fits_and_everything_once() -> None:
    lengths = [5, 1, 9, 2, 2, 30]
    row = list(batches(range(6), lengths, 10))
    assert sorted(at for batch in row for at in batch) == list(range(6))
    assert all(len(batch) == 1 or max(lengths[at] for at in batch) * len(batch) <= 10 for batch in row)
    assert [1, 3, 4] in row
    assert list(batches(range(3), [1, 1, 1], 0)) == [[0], [1], [2]]


@pytest.mark.parametrize("seconds", [0, 0.00001, 0.01, 0.049])
def test_too_short_to_hear_is_nothing(recogniser: SenseVoiceRecogniser, seconds: float) -> None:
    (one,) = recogniser.listen([silence(seconds)], Listening(), Stop())
    assert (one.text, one.words, one.language) == ("", (), "")


@pytest.mark.parametrize("kind", ["clipped", "loud", "noise", "constant"])
def test_strange_sound_gives_an_answer(recogniser: SenseVoiceRecogniser, kind: str) -> None:
    sound = {
        "clipped": np.clip(cut("b_cross_1") * 100, -1, 1),
        "loud": cut("b_cross_1") * 1e6,
        "noise": np.random.default_rng(0).normal(0, 0.3, RATE).astype(np.float32),
        "constant": np.full(RATE, 0.5, np.float32),
    }[kind].astype(np.float32)
    (one,) = recogniser.listen([sound], Listening(), Stop())
    assert all(0 <= chance <= 1 for _, chance in one.emotions)


def test_a_known_text_is_aligned(recogniser: SenseVoiceRecogniser) -> None:
    heard = said(recogniser, "b_cross_1")[0].words
    row = recogniser.align(cut("b_cross_1"), "the old clock repeats her first song")
    assert [word.text for word in row] == [word.text for word in heard]
    assert [word.start for word in row[1:]] == [word.start for word in heard[1:]]
    with pytest.raises(BadText, match=r"0\.10 s are too short"):
        recogniser.align(silence(0.1), "the old clock repeats her first song")
    with pytest.raises(BadText, match="nothing in it"):
        recogniser.align(cut("b_cross_1"), "§")


def test_a_language_that_it_does_not_know_is_refused_with_those_it_knows(recogniser: SenseVoiceRecogniser) -> None:
    with pytest.raises(BadRequest, match="auto, zh, en, yue, ja, ko") as wrong:
        recogniser.listen([cut("b_cross_1")], Listening("fr"), Stop())
    assert "支持" in wrong.value.text("zh")


def test_it_stops_between_two_batches(recogniser: SenseVoiceRecogniser) -> None:
    stop = Stop()
    stop.set()
    with pytest.raises(Cancelled):
        recogniser.listen([cut("b_cross_1")], Listening(), stop)
    assert said(recogniser, "b_cross_1")[0].text


# files


def broken(root: Path, change: Callable[[Path], Any]) -> SenseVoiceRecogniser:
    shutil.copytree(TINY, root / "sensevoice")
    change(root / "sensevoice")
    return SenseVoiceRecogniser(store(root, root))


def shorter(name: str) -> Callable[[Path], Any]:
    return lambda folder: (folder / name).write_bytes((folder / name).read_bytes()[:-1000])


def other(name: str, old: str, new: str) -> Callable[[Path], Any]:
    return lambda folder: (folder / name).write_text((folder / name).read_text().replace(old, new))


def reshaped(folder: Path) -> None:
    tensors = torch.load(folder / "model.pt", weights_only=True)
    tensors["ctc.ctc_lo.bias"] = tensors["ctc.ctc_lo.bias"][:-1]
    torch.save(tensors, folder / "model.pt")


def nested(folder: Path) -> None:
    torch.save({"state_dict": torch.load(folder / "model.pt", weights_only=True)}, folder / "model.pt")


def with_code(folder: Path) -> None:
    torch.save({"model": {"evil": Path("x")}}, folder / "model.pt")


WRONG = {
    "truncated weights": (shorter("model.pt"), "model.pt: damaged"),
    "a tensor of another shape": (reshaped, "ctc.ctc_lo.bias is"),
    "a pickle with code": (with_code, "model.pt: damaged or not a checkpoint"),
    "another model's sizes": (other("config.yaml", "output_size: 64", "output_size: 32"), "is \\["),
    "another model": (other("config.yaml", "SenseVoiceEncoderSmall", "ConformerEncoder"), "describes ConformerEncoder"),
    "no sizes": (other("config.yaml", "linear_units: 128", ""), "linear_units"),
    "no yaml": (lambda folder: (folder / "config.yaml").write_text("a: [1"), "cannot be read"),
    "yaml with code": (
        lambda folder: (folder / "config.yaml").write_text("a: !!python/object/apply:os.system ['false']"),
        "cannot be read",
    ),
    "statistics of another width": (other("am.mvn", "[ ", "[ 1.0 "), "560 shifts"),
    "no statistics": (lambda folder: (folder / "am.mvn").write_text("nothing"), "560 shifts"),
    "another vocabulary": (
        lambda folder: (folder / "chn_jpn_yue_eng_ko_spectok.bpe.model").write_bytes(b"not a model"),
        "not a SentencePiece model",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_file_is_named_and_the_right_one_works_afterwards(tmp_path: Path, case: str) -> None:
    change, message = WRONG[case]
    recogniser = broken(tmp_path, change)
    with pytest.raises(BadFile, match=message) as error:
        recogniser.load()
    assert "请重新安装模型" in error.value.text("zh")
    shutil.rmtree(tmp_path / "sensevoice")
    shutil.copytree(TINY, tmp_path / "sensevoice")
    assert said(recogniser, "b_cross_1")[0].text


def test_weights_that_stand_below_a_name_are_taken(tmp_path: Path) -> None:
    assert said(broken(tmp_path, nested), "b_cross_1")[0].text == "the old clock repeats her first song"


def test_without_weights_it_says_what_to_do(tmp_path: Path) -> None:
    recogniser = SenseVoiceRecogniser(store(tmp_path, None))
    with pytest.raises(NotInstalled, match="models install sensevoice"):
        recogniser.load()
    (state,) = Recognisers(store(tmp_path, None)).states()
    assert (state.state, state.command) == ("missing", "python -m studio models install sensevoice")


@pytest.mark.parametrize("precision", ["fp32", "bf16", "int8"])
def test_settings_are_used(tmp_path: Path, precision: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIMBRE_SENSEVOICE", f"precision={precision} device=cpu")
    recogniser = Recognisers(store(tmp_path)).get("sensevoice")
    assert isinstance(recogniser, SenseVoiceRecogniser)
    recogniser.load()
    assert recogniser._checkpoint is not None
    assert recogniser._checkpoint.precision == precision
    assert recogniser.spec.version.endswith(precision)
    assert said(recogniser, "b_cross_1")[0].text == "the old clock repeats her first song"


def test_a_wrong_setting_is_told_in_its_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIMBRE_SENSEVOICE", "precision=fp64")
    (state,) = Recognisers(store(tmp_path)).states()
    assert state.state == "broken"
    assert state.note is not None
    assert "takes one of auto, fp32, bf16" in state.note.en


def test_unloading_frees_the_model(tmp_path: Path) -> None:
    registry = Recognisers(store(tmp_path))
    recogniser = registry.get()
    recogniser.load()
    registry.unload("chattts")
    assert isinstance(recogniser, SenseVoiceRecogniser)
    assert recogniser._checkpoint is not None
    registry.unload("sensevoice")
    assert recogniser._checkpoint is None


def test_declaring_needs_no_torch(tmp_path: Path) -> None:
    code = f"""
from pathlib import Path
from studio.weights import WeightStore
from studio.recognition.registry import Recognisers
print(Recognisers(WeightStore(lambda: Path({str(tmp_path)!r}))).states()[0].spec.id, file=__import__('sys').stderr)"""
    assert imports(code) == set()


# long recordings


def test_a_long_recording_comes_in_segments_with_the_times_of_the_whole(recogniser: SenseVoiceRecogniser) -> None:
    names = ["b_cross_1", "c_cross_2"]
    sound = np.concatenate([silence(1.0), cut(names[0]), silence(2.0), cut(names[1]), silence(1.0)])
    told: list[float] = []
    blocks = (sound[at : at + 8000] for at in range(0, len(sound), 8000))
    row = list(listen(recogniser, blocks, AS_SPOKEN, Stop(), told.append))
    assert [one.language for one in row] == ["en", "ja"]
    assert row[0].start == pytest.approx(1.0, abs=0.2)
    assert row[1].start == pytest.approx(3.0 + len(cut(names[0])) / RATE, abs=0.4)
    assert all(one.start - 0.01 <= word.start < word.end <= one.end + 0.01 for one in row for word in one.words)
    assert told[-1] == pytest.approx(len(sound) / RATE)
    assert told == sorted(told)


def test_segments_are_given_out_while_the_rest_is_still_to_come(recogniser: SenseVoiceRecogniser) -> None:
    read = []

    def blocks() -> Any:
        for n in range(6):
            read.append(n)
            yield np.concatenate([cut("b_cross_1"), silence(1.0)])

    row = listen(recogniser, blocks(), AS_SPOKEN, Stop())
    next(row)
    assert len(read) < 3


def test_a_stop_ends_it_on_the_way(recogniser: SenseVoiceRecogniser) -> None:
    stop = Stop()

    def blocks() -> Any:
        for n in range(100):
            if n == 3:
                stop.set()
            yield np.concatenate([cut("b_cross_1"), silence(1.0)])

    with pytest.raises(Cancelled):
        list(listen(recogniser, blocks(), AS_SPOKEN, stop))


def test_a_transcript_is_plain_data_and_back(recogniser: SenseVoiceRecogniser) -> None:
    segments = tuple(said(recogniser, "b_cross_1", "a_zero_shot"))
    whole = Transcript("x.wav", 6.0, "sensevoice", "v", segments)
    again = [Segment.from_json(one) for one in whole.to_json()["segments"]]
    assert [one.text for one in again] == [one.text for one in segments]
    for one, plain in zip(again, whole.to_json()["segments"], strict=True):
        assert one.to_json() == plain | {"confidence": pytest.approx(plain["confidence"], abs=1e-4)}
    assert whole.text == "the old clock repeats her first song小船带来三封信"
    assert sum(chance for _, chance in whole.emotions) == pytest.approx(1)
