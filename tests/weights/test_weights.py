"""Models on this machine: found, fetched from a hub (one of ours, on loopback), verified, removed."""

import hashlib
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from studio.errors import BadFile, BadRequest, Cancelled, DiskFull, InUse, NotFound, StorageError
from studio.production.models import Models
from studio.weights import CATALOGUE, WeightFile, Weights, WeightStore
from studio.weights.fetching import install
from studio.words import Words

from ..library.disks import small_disk
from .hub import Hub, serve

FILES = {
    "asset/large.safetensors": bytes(range(256)) * 8192,  # 2 MiB
    "asset/small.json": b'{"layers": 2}',
}


def weights(files: dict[str, bytes], **wrong: str) -> Weights:
    listed = tuple(
        WeightFile(path, wrong.get(path) or hashlib.sha256(body).hexdigest()) for path, body in files.items()
    )
    title, words = Words("A model", "某模型"), Words("for nothing but tests", "仅供测试")
    return Weights("model", title, "someone/model", 2_100_000, listed, "MIT", words, "")


@pytest.fixture
def hub() -> Iterator[Hub]:
    with serve(Hub(dict(FILES))) as hub:
        yield hub


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WeightStore:
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.delenv("HF_HUB_CACHE", raising=False)
    return WeightStore(lambda: tmp_path / "weights", catalogue={"model": weights(FILES)})


def whole(store: WeightStore) -> bool:
    found = store.find("model")
    return found is not None and all((found.root / path).read_bytes() == body for path, body in FILES.items())


# fetching


def test_a_model_is_fetched_with_progress_and_found_at_once(store: WeightStore, hub: Hub) -> None:
    seen: list[tuple[int, int]] = []
    found = install(store, "model", accept_licence=True, endpoint=hub.url, progress=lambda *at: seen.append(at))
    assert (found.source, whole(store)) == ("installed", True)
    total = sum(map(len, FILES.values()))
    assert seen[-1] == (total, total)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert sorted(path.name for path in store.folder.iterdir() if not path.name.startswith(".lock")) == ["model"]
    assert not (found.root / ".cache").exists()


def test_a_fetched_model_is_not_fetched_again(store: WeightStore, hub: Hub) -> None:
    install(store, "model", accept_licence=True, endpoint=hub.url)
    hub.asked.clear()
    install(store, "model", accept_licence=True, endpoint=hub.url)
    assert hub.asked == []


def test_the_licence_has_to_be_accepted(store: WeightStore, hub: Hub) -> None:
    with pytest.raises(BadRequest, match="MIT: for nothing but tests") as refused:
        install(store, "model", endpoint=hub.url)
    assert "仅供测试" in refused.value.text("zh")
    assert hub.asked == []


def test_a_broken_connection_is_taken_up_where_it_broke(
    store: WeightStore, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    large = "asset/large.safetensors"
    hub.break_after[large] = 0  # it answers, and then breaks before the first byte
    with pytest.raises(StorageError, match="connection broke") as failed:
        install(store, "model", accept_licence=True, endpoint=hub.url)
    assert "连接中断" in failed.value.text("zh")
    assert store.find("model") is None
    hub.break_after[large] = 1 << 19  # half a megabyte at a time
    hub.asked.clear()
    install(store, "model", accept_licence=True, endpoint=hub.url)
    assert whole(store)
    ranges = [where for where in hub.gets(large) if where]
    assert len(ranges) >= 3
    assert all(int(where.removeprefix("bytes=").rstrip("-").split("-")[0]) > 0 for where in ranges)


def test_a_second_run_does_not_fetch_what_is_there(store: WeightStore, hub: Hub) -> None:
    del hub.files["asset/small.json"]
    with pytest.raises(StorageError, match="is not there"):
        install(store, "model", accept_licence=True, endpoint=hub.url)
    hub.files["asset/small.json"] = FILES["asset/small.json"]
    install(store, "model", accept_licence=True, endpoint=hub.url)
    hub.asked.clear()
    assert whole(store)


def test_a_wrong_digest_is_named_and_the_file_does_not_stay(store: WeightStore, hub: Hub) -> None:
    hub.files["asset/small.json"] = b'{"layers": 3}'
    with pytest.raises(BadFile, match=r"asset/small\.json: not the published file") as failed:
        install(store, "model", accept_licence=True, endpoint=hub.url)
    assert "SHA-256 不符" in failed.value.text("zh")
    assert store.find("model") is None
    assert not list(store.folder.rglob("small.json"))
    hub.files["asset/small.json"] = FILES["asset/small.json"]
    hub.asked.clear()
    install(store, "model", accept_licence=True, endpoint=hub.url)
    assert hub.gets("asset/large.safetensors") == []


def test_no_server_is_said(store: WeightStore) -> None:
    with pytest.raises(StorageError, match="--endpoint"):
        install(store, "model", accept_licence=True, endpoint="http://127.0.0.1:9")


def test_asked_for_again_while_it_is_still_stopping_it_is_fetched(store: WeightStore, hub: Hub) -> None:
    hub.slow = 0.02
    models = Models(store, lambda id: None)
    job = models.install("model", True, hub.url)
    while not job.done:
        time.sleep(0.01)
    models.stop("model")
    assert models.install("model", True, hub.url).wait(60).source == "installed"
    assert whole(store)


def test_stop_ends_it_within_a_second_and_keeps_what_was_fetched(store: WeightStore, hub: Hub) -> None:
    hub.slow = 0.1
    stopped = threading.Event()
    threading.Timer(0.6, stopped.set).start()
    began = time.monotonic()
    with pytest.raises(Cancelled):
        install(store, "model", accept_licence=True, endpoint=hub.url, stopped=stopped.is_set)
    assert time.monotonic() - began < 3
    assert store.find("model") is None
    hub.slow = 0
    install(store, "model", accept_licence=True, endpoint=hub.url)
    assert whole(store)


def test_a_disk_that_fills_up_on_the_way_is_said_and_what_was_fetched_is_used(
    tmp_path: Path, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A real small disk: there is room when the download begins, and somebody else takes it."""
    monkeypatch.setattr("studio.weights.fetching.SPARE", 0)
    first = dict(sorted(FILES.items(), reverse=True))  # the small file comes first, and is whole
    with small_disk(tmp_path / "disk", 4_000) as disk:
        store = WeightStore(lambda: disk / "weights", catalogue={"model": weights(first)})
        ballast, begun = disk / "ballast", threading.Event()

        def progress(done: int, total: int) -> None:
            if done and not begun.is_set():
                begun.set()
                with suppress(OSError):
                    ballast.write_bytes(bytes(3_500_000))

        with pytest.raises(DiskFull, match="the disk is full; what was fetched is kept") as full:
            install(store, "model", accept_licence=True, endpoint=hub.url, progress=progress)
        assert "磁盘已满" in full.value.text("zh")
        assert store.find("model") is None
        assert not (store.folder / "model").exists()
        ballast.unlink()
        hub.asked.clear()
        install(store, "model", accept_licence=True, endpoint=hub.url)
        assert whole(store)
        assert hub.gets("asset/small.json") == []  # it was there


def test_a_disk_that_is_too_small_is_said_before_anything_is_fetched(tmp_path: Path, hub: Hub) -> None:
    with small_disk(tmp_path / "disk", 1_000) as disk:
        store = WeightStore(lambda: disk / "weights", catalogue={"model": weights(FILES)})
        with pytest.raises(DiskFull, match=r"0\.0 GB are free"):
            install(store, "model", accept_licence=True, endpoint=hub.url)
        assert not any(hub.gets(path) for path in FILES)


def test_two_installations_at_once_are_one(store: WeightStore, hub: Hub) -> None:
    hub.slow = 0.05
    first = threading.Thread(
        target=install, args=(store, "model"), kwargs={"accept_licence": True, "endpoint": hub.url}
    )
    first.start()
    while not hub.asked:
        time.sleep(0.01)
    with pytest.raises(InUse, match="being installed already"):
        install(store, "model", accept_licence=True, endpoint=hub.url)
    first.join(30)
    assert whole(store)


def test_an_unknown_model_is_refused_with_the_nearest(store: WeightStore) -> None:
    with pytest.raises(NotFound, match="did you mean “model”"):
        install(store, "modle", accept_licence=True)


# finding


def lay(root: Path, but: str = "") -> Path:
    for path, body in FILES.items():
        if path != but:
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_bytes(body)
    return root


@pytest.mark.parametrize("place", [lambda root: root, lambda root: root / "model"], ids=["itself", "sub-folder"])
def test_a_folder_of_the_user_is_found_and_comes_first(tmp_path: Path, place: Callable[[Path], Path]) -> None:
    lay(tmp_path / "weights" / "model")
    own = tmp_path / "own"
    lay(place(own))
    store = WeightStore(lambda: tmp_path / "weights", own, {"model": weights(FILES)})
    found = store.find("model")
    assert found is not None
    assert (found.source, found.root) == ("local", place(own))


def test_the_hubs_own_cache_is_found(store: WeightStore, tmp_path: Path) -> None:
    lay(tmp_path / "hf" / "hub" / "models--someone--model" / "snapshots" / "abc")
    found = store.find("model")
    assert found is not None
    assert found.source == "cache"
    with pytest.raises(BadFile, match="not installed by the studio"):
        store.remove("model")


def test_what_is_missing_is_named_with_size_licence_and_command(store: WeightStore) -> None:
    lay(store.folder / "model", but="asset/small.json")
    missing = store.missing("model")
    assert missing is not None
    for words in missing:
        assert "asset/small.json" in words
        assert "MIT" in words
        assert words.endswith(": python -m studio models install model")


def test_verifying_reads_every_file_and_names_the_wrong_one(store: WeightStore) -> None:
    root = lay(store.folder / "model")
    read: list[int] = []
    store.verify("model", read.append)
    assert sum(read) == sum(map(len, FILES.values()))
    (root / "asset/small.json").write_bytes(b"{}")
    with pytest.raises(BadFile, match=r"asset/small\.json"):
        store.verify("model")


def test_removing_takes_an_installed_model_away(store: WeightStore) -> None:
    lay(store.folder / "model")
    store.remove("model")
    assert store.find("model") is None


def test_the_digest_names_the_weights_and_is_not_computed_twice(
    store: WeightStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = lay(store.folder / "model")
    first = store.digest("model")
    with monkeypatch.context() as patched:
        patched.setattr("studio.weights.store.hashed", lambda path: pytest.fail("read again"))
        assert store.digest("model") == first
    (root / "asset/small.json").write_bytes(b'{"layers": 4}')
    assert store.digest("model") != first


def test_chattts_is_listed_as_it_was_published() -> None:
    chattts = CATALOGUE["chattts"]
    assert (chattts.repo, chattts.licence, len(chattts.files)) == ("2Noise/ChatTTS", "CC-BY-NC-4.0", 9)
    assert all(len(file.sha256) == 64 for file in chattts.files)
