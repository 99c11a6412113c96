"""The render cache: whole takes come back to the sample, anything else counts as absent, nothing wanted is removed."""

import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text, update

from studio.audio.clip import Clip
from studio.digest import digest_of
from studio.errors import EngineFailed, NotFound
from studio.library import Library, NewProduction, TakeQuery, flac
from studio.library.outcomes import NewTake
from studio.library.script import NewChapter, NewLine
from studio.library.tables import TakeRow

from .conftest import Put, facts, putter, tone


def age(library: Library, digest: str, minutes: float) -> None:
    """As if the take had last been used so long ago."""
    library.cache.flush()
    with library.database.write() as session:
        then = datetime.now(UTC) - timedelta(minutes=minutes)
        session.execute(update(TakeRow).where(TakeRow.digest == digest).values(last_used=then))


def digests(library: Library) -> set[str]:
    return {take.digest for take in library.takes.find(TakeQuery(size=1000))}


def test_a_take_comes_back_to_the_sample(library: Library) -> None:
    known, clip = facts(words=(("你好", 0.0, 0.5),)), tone()
    digest = digest_of(known.recipe)
    assert library.cache.get(digest) is None
    put = library.cache.put(digest, clip, known)
    got = library.cache.get(digest)
    assert got is not None
    assert (got.take.digest, got.take.frames, got.words) == (digest, len(clip), (("你好", 0.0, 0.5),))
    assert put.take == got.take == library.takes.get(digest)
    assert got.path == library.cache.path(digest)
    loaded = library.cache.load(digest)
    assert loaded.rate == clip.rate
    assert np.array_equal(loaded.samples, library.cache.as_stored(clip).samples)
    assert np.abs(loaded.samples - clip.samples).max() <= 0.5 / 32768


@settings(max_examples=40, deadline=None)
@given(
    steps=st.lists(st.integers(-32768, 32767), min_size=1, max_size=400),
    rate=st.sampled_from([8000, 16000, 22050, 24000, 48000]),
)
def test_16_bit_sound_is_kept_exactly(steps: list[int], rate: int) -> None:
    clip = Clip(np.array(steps, np.float32) / 32768, rate)
    decoded, comment = flac.decode(flac.encode(clip, "词 {}"))
    assert np.array_equal(decoded.samples, clip.samples)
    assert (decoded.rate, comment) == (rate, "词 {}")


def test_sound_beyond_full_scale_is_clipped_and_not_wrapped() -> None:
    clip = Clip(np.array([1.5, -1.5, 1.0, -1.0], np.float32), 24000)
    assert flac.decode(flac.encode(clip, ""))[0].samples.tolist() == [32767 / 32768, -1.0, 32767 / 32768, -1.0]


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_sound_that_is_no_number_is_refused(sqlite_library: Library, value: float) -> None:
    with pytest.raises(EngineFailed) as refused:
        sqlite_library.cache.put("0" * 64, Clip(np.array([0, value], np.float32), 24000), facts())
    assert "not numbers" in refused.value.text("en")
    assert "非数值" in refused.value.text("zh")
    assert list(sqlite_library.cache.folder.iterdir()) == []


@pytest.mark.parametrize("digest", ["", "f" * 63, "../" + "f" * 61, "F" * 64, "f" * 64 + ".x"])
def test_a_name_that_is_no_digest_reaches_no_file(sqlite_library: Library, digest: str) -> None:
    assert sqlite_library.cache.get(digest) is None
    with pytest.raises(NotFound):
        sqlite_library.cache.load(digest)
    with pytest.raises(ValueError, match="64 hex digits"):
        sqlite_library.cache.put(digest, tone(), facts())


def damage_truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def damage_empty(path: Path) -> None:
    path.write_bytes(b"")


def damage_bit(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def damage_other(path: Path) -> None:
    path.write_bytes(flac.encode(tone(0.1), "not ours"))


def damage_remove(path: Path) -> None:
    path.unlink()


DAMAGES = [damage_truncate, damage_empty, damage_bit, damage_other, damage_remove]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_counts_as_absent_until_it_is_rendered_again(library: Library, put: Put, damage: object) -> None:
    digest = put("星星")
    library.takes.star([digest])
    library.takes.note(digest, "best")
    damage(library.cache.path(digest))  # type: ignore[operator]
    assert library.cache.get(digest) is None
    assert library.cache.fetch(digest) is None
    assert not library.cache.path(digest).exists()
    assert library.takes.find().total == library.takes.find(TakeQuery(text="星")).total == 0
    put("星星")
    again = library.cache.get(digest)
    assert again is not None
    assert (again.take.starred, again.take.note) == (True, "best")
    assert library.takes.find(TakeQuery(text="best 星")).total == 1


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_never_heard(sqlite_library: Library, damage: object) -> None:
    digest = putter(sqlite_library)()
    damage(sqlite_library.cache.path(digest))  # type: ignore[operator]
    with pytest.raises(NotFound) as missing:
        sqlite_library.cache.load(digest)
    assert "没有这个录音" in missing.value.text("zh")
    assert not sqlite_library.cache.path(digest).exists()


def test_a_file_without_a_row_is_taken_in(library: Library, put: Put) -> None:
    """What a process leaves behind that is killed between file and row."""
    digest = put("世界", words=(("世界", 0.0, 0.4),), lufs=-20.0, voice_label="晓晓")
    before = library.takes.details(digest)
    with library.database.write() as session:
        session.execute(text("DELETE FROM takes"))
        if library.database.path:
            session.execute(text("INSERT INTO takes_index (takes_index) VALUES ('delete-all')"))
    got = library.cache.get(digest)
    assert got is not None
    after = library.takes.details(digest)
    assert (after.text, after.recipe, after.words) == (before.text, before.recipe, before.words)
    assert (after.take.lufs, after.take.voice_label, after.take.frames) == (-20.0, "晓晓", before.take.frames)
    assert library.takes.find(TakeQuery(text="晓 世")).total == 1


def test_a_file_under_another_takes_name_is_not_taken_in(library: Library, put: Put) -> None:
    digest = put()
    other = library.cache.path("e" * 64)
    other.write_bytes(library.cache.path(digest).read_bytes())
    assert library.cache.get("e" * 64) is None
    assert not other.exists()


def test_a_deleted_take_that_is_asked_for_is_shown_again(library: Library, put: Put) -> None:
    digest = put("x")
    library.takes.delete([digest])
    assert library.cache.get(digest) is not None
    assert digests(library) == {digest}
    library.takes.delete([digest])
    put("x")
    assert library.takes.find(TakeQuery(text="x")).total == 1


def test_putting_again_replaces_the_sound(library: Library) -> None:
    known = facts()
    digest = digest_of(known.recipe)
    library.cache.put(digest, tone(0.2), known)
    library.cache.put(digest, tone(0.4), known)
    assert library.cache.load(digest).seconds == pytest.approx(0.4)
    assert library.takes.find().total == 1


def test_the_same_take_is_the_same_file(library: Library, put: Put) -> None:
    path = library.cache.path(put())
    before = path.read_bytes()
    time.sleep(0.01)
    put()
    assert path.read_bytes() == before


def test_a_batch_is_readable_at_once_and_stored_at_its_end(library: Library, put: Put) -> None:
    with library.cache.batch():
        made = [put(str(n)) for n in range(10)]
        assert set(library.cache.get_many(made)) == set(made)
    assert digests(library) == set(made)


def test_a_batch_that_ends_in_an_error_keeps_what_was_put(library: Library, put: Put) -> None:
    def stopped() -> None:
        with library.cache.batch():
            put("a")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()
    assert library.takes.find().total == 1


def test_a_batch_is_written_while_it_lasts(sqlite_library: Library) -> None:
    put = putter(sqlite_library)
    with sqlite_library.cache.batch():
        for n in range(250):
            put(str(n), tone(0.01))
        assert sqlite_library.takes.find().total > 150  # fewer than 100 wait


def test_what_a_productions_batch_puts_or_gets_is_used_by_it(library: Library, put: Put) -> None:
    old, _other = put("old"), put("other")
    production = library.productions.add(NewProduction("book"))
    with library.cache.batch(production.id):
        library.cache.get(old)
        new = put("new")
    assert set(library.productions.used_takes(production.id)) == {old, new}
    put("later")
    assert library.productions.get(production.id).takes == 2


def test_getting_counts_as_use_once_it_is_written(library: Library, put: Put) -> None:
    digest = put()
    age(library, digest, 60)
    library.cache.get(digest)
    library.cache.flush()
    assert datetime.now(UTC) - library.takes.get(digest).last_used < timedelta(minutes=1)


def test_the_clean_up_removes_the_least_recently_used_and_no_kept_one(library: Library, put: Put) -> None:
    noise = Clip(np.random.default_rng(1).uniform(-1, 1, 50_000).astype(np.float32), 24000)  # 100 kB each
    made = [put(str(n), noise) for n in range(8)]
    for n, digest in enumerate(made):
        age(library, digest, 100 - n)
    library.takes.star(made[:1])
    library.productions.use(library.productions.add(NewProduction("b")).id, made[1:2])
    library.takes.delete(made[6:7])
    before = library.cache.size()
    assert library.cache.clean(before).takes == 0
    cleaned = library.cache.clean(round(before * 5 / 8))
    assert digests(library) == {made[0], made[1], *made[5:6], made[7]}  # 6 was deleted: first to go; then 2, 3, 4
    assert (cleaned.takes, cleaned.failed) == (4, ())
    assert library.cache.size() == before - cleaned.bytes
    assert {p.stem for p in library.cache.folder.iterdir()} == digests(library)
    assert library.cache.clean(0).takes == 2
    assert digests(library) == set(made[:2])
    assert library.takes.find(TakeQuery(text="5")).total == 0


def test_a_script_lets_go_of_the_takes_that_no_line_keeps(library: Library, put: Put) -> None:
    noise = Clip(np.random.default_rng(1).uniform(-1, 1, 50_000).astype(np.float32), 24000)
    made = [put(str(n), noise) for n in range(4)]
    script = library.productions.add(NewProduction("b", kind="script")).id
    library.scripts.write(script, [NewChapter("1", (NewLine("a line"),))])
    (line,) = library.outcomes.unplanned(script)
    library.outcomes.plan(script, {line.number: "basis"})
    library.outcomes.take(script, [NewTake(line.number, made[0], "basis", 0, 1.0)])
    library.productions.use(script, made)
    book = library.productions.add(NewProduction("read at once")).id
    library.productions.use(book, made[3:])
    for digest, days in zip(made, (9, 9, 0.5, 9), strict=True):
        age(library, digest, days * 24 * 60)
    assert library.cache.clean(library.cache.size()).takes == 0
    assert library.productions.get(script).takes == 4, "there is room: nothing has to go"
    assert library.cache.clean(0).takes == 1
    assert digests(library) == {made[0], made[2], made[3]}, "of its line; just tried; of another production"


def test_a_limit_is_kept_while_takes_are_put(tmp_path: Path) -> None:
    noise = Clip(np.random.default_rng(1).uniform(-1, 1, 50_000).astype(np.float32), 24000)
    with Library.open(tmp_path, cache_limit=1_000_000) as library:
        for n in range(20):
            age(library, putter(library)(str(n), noise), 100 - n)
        assert library.cache.size() <= 1_100_000
        assert library.takes.find().items[0].excerpt == "19"
        assert len(list(library.cache.folder.iterdir())) == library.takes.find().total


def test_without_a_limit_nothing_is_removed(library: Library, put: Put) -> None:
    age(library, put(), 10_000)
    assert library.cache.clean().takes == 0


def test_verify_finds_and_mends_what_does_not_match(library: Library, put: Put) -> None:
    folder = library.cache.folder
    whole, missing, damaged, bad_bit, orphan = (put(name) for name in ("whole", "missing", "damaged", "bit", "orphan"))
    with library.database.write() as session:
        session.execute(text("DELETE FROM takes WHERE digest = :d"), {"d": orphan})
    library.cache.path(missing).unlink()
    damage_truncate(library.cache.path(damaged))
    damage_bit(library.cache.path(bad_bit))
    (folder / f"{'b' * 64}.flac").write_bytes(b"broken")
    (folder / "notes.txt").write_text("mine")
    (folder / f"{'c' * 64}.1-ab.part").write_bytes(b"being written")
    stale = folder / f"{'d' * 64}.2-cd.part"
    stale.write_bytes(b"left")
    os.utime(stale, (time.time() - 7200,) * 2)

    seen = library.cache.verify(mend=False, deep=True)
    assert not seen.fine
    assert (seen.missing, set(seen.damaged)) == ((missing,), {damaged, bad_bit, "b" * 64})
    assert (seen.adopted, seen.leftovers, seen.strangers) == ((orphan,), (stale.name,), ("notes.txt",))
    assert set(library.cache.verify(mend=False).damaged) == {damaged, "b" * 64}  # the quick look goes by size
    assert stale.exists()

    mended = library.cache.verify(deep=True)
    assert mended.mended
    assert (mended.missing, mended.adopted) == (seen.missing, seen.adopted)
    after = library.cache.verify(deep=True)
    assert after.fine
    assert digests(library) == {whole, orphan}
    assert library.cache.load(orphan).seconds == pytest.approx(0.5)
    assert (folder / "notes.txt").exists()
    assert (folder / f"{'c' * 64}.1-ab.part").exists()
    assert not stale.exists()


def test_an_empty_clip_is_kept_as_one_frame_of_silence(sqlite_library: Library) -> None:
    known, empty = facts("…"), Clip(np.zeros(0, np.float32), 24000)
    digest = digest_of(known.recipe)
    put = sqlite_library.cache.put(digest, empty, known)
    assert put.take.frames == 1
    assert sqlite_library.cache.load(digest).samples.tolist() == [0.0]
    assert sqlite_library.cache.as_stored(empty).samples.tolist() == [0.0]


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(said=st.text(max_size=300).filter(lambda s: "\0" not in s and s.isprintable()))
def test_any_text_travels_with_its_file(sqlite_library: Library, said: str) -> None:
    put = putter(sqlite_library)
    digest = put(said, tone(0.01))
    row = sqlite_library.cache.recognise(digest)
    assert row is not None
    assert row["text"] == said
