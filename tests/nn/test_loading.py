"""Checkpoints are loaded strictly, safely and without a second copy; what is wrong with one is named."""

import pickle
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from studio.errors import BadFile
from studio.nn.loading import let_go, load, read_tensors

GOOD = {"weight": torch.ones(3, 2), "bias": torch.zeros(3)}


def build() -> nn.Linear:
    return nn.Linear(2, 3)


def test_tensors_become_the_modules_own(tmp_path: Path) -> None:
    save_file(GOOD, tmp_path / "a.safetensors")
    module = load(build, tmp_path / "a.safetensors")
    assert torch.equal(module.weight, GOOD["weight"])
    assert not module.weight.requires_grad
    assert not module.training


def test_the_collector_leaves_what_was_imported_alone_from_the_first_model_on(tmp_path: Path) -> None:
    save_file({"weight": torch.eye(2), "bias": torch.ones(2)}, tmp_path / "m.safetensors")
    script = (
        "import gc, sys, weakref\n"
        "from pathlib import Path\n"
        "from torch import nn\n"
        "from studio.nn.loading import load\n"
        "def frozen():\n"
        "    load(lambda: nn.Linear(2, 2), Path(sys.argv[1]))\n"
        "    return gc.get_freeze_count()\n"
        "assert gc.get_freeze_count() == 0\n"
        "once, again = frozen(), frozen()\n"
        "assert 10_000 < again <= once, (once, again)\n"
        "class Knot: pass\n"
        "knot = Knot()\n"
        "knot.self, seen = knot, weakref.ref(knot)\n"
        "del knot\n"
        "gc.collect()\n"
        "assert seen() is None, 'what came later is still collected'\n"
    )
    subprocess.run([sys.executable, "-c", script, str(tmp_path / "m.safetensors")], check=True)


def test_published_names_may_be_others_and_some_may_be_left_out(tmp_path: Path) -> None:
    save_file({"w": GOOD["weight"], "bias": GOOD["bias"], "extra": torch.ones(1)}, tmp_path / "a.safetensors")
    names = {"w": "weight"}
    load(build, tmp_path / "a.safetensors", optional={"extra"}, rename=lambda key: names.get(key, key))


@pytest.mark.parametrize(
    ("tensors", "said"),
    [
        ({"weight": GOOD["weight"]}, "lacks bias"),
        ({**GOOD, "more": torch.ones(1), "most": torch.ones(1)}, r"has more \(\+1\) besides"),
        ({**GOOD, "bias": torch.zeros(4)}, r"bias is \[4\], not \[3\]"),
    ],
    ids=["missing key", "unexpected key", "wrong shape"],
)
def test_what_does_not_fit_is_named(tmp_path: Path, tensors: dict[str, torch.Tensor], said: str) -> None:
    save_file(tensors, tmp_path / "a.safetensors")
    with pytest.raises(BadFile, match=said) as refused:
        load(build, tmp_path / "a.safetensors")
    assert "a.safetensors" in refused.value.text("zh")


def test_a_file_that_is_cut_off_missing_or_something_else_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    with pytest.raises(BadFile, match="is missing"):
        load(build, path)
    save_file({"weight": torch.ones(300, 200), "bias": torch.zeros(300)}, path)
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(BadFile, match="damaged"):
        load(build, path)
    path.write_bytes(b"once upon a time")
    with pytest.raises(BadFile, match="damaged"):
        load(build, path)


class Trap:
    """What a hostile pickle does when it is loaded."""

    def __reduce__(self) -> tuple[object, ...]:
        return open, ("trapped", "w")


def test_a_pickle_with_code_in_it_is_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save({"weight": Trap()}, "a.pt")
    Path("b.pt").write_bytes(pickle.dumps(Trap()))
    for name in ("a.pt", "b.pt"):
        with pytest.raises(BadFile):
            read_tensors(Path(name))
    assert not Path("trapped").exists()
    torch.save(GOOD, "c.pt")
    assert torch.equal(read_tensors(Path("c.pt"))["weight"], GOOD["weight"])


MEASURE = """
import sys
from pathlib import Path
import torch
from studio.nn.cache import DecoderConfig
from studio.nn.compiled import CompiledDecoder
from studio.nn.decoder import Decoder
from studio.nn.loading import let_go, load
def now(): return int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0])
config, path = DecoderConfig(dim=512, layers=21, heads=8, hidden=2048), Path(sys.argv[1])
torch.nn.functional.linear(torch.ones(2, 64), torch.ones(64, 64))
small = Decoder(DecoderConfig(dim=32, layers=1, heads=1, hidden=32)).requires_grad_(False)
small.pack(sys.argv[2])  # what it imports
before, takes = now(), CompiledDecoder.takes
decoder = load(lambda: Decoder(config), path)
CompiledDecoder.takes = takes if sys.argv[3] == "compiled" else lambda *_: False
decoder.pack(sys.argv[2], let_go(path))
if sys.argv[3] == "compiled":  # it is packed when it can be used
    cache = decoder.cache(1)
    cache.open(0, 1)
    decoder(torch.zeros(1, 1, 512), cache, [0])
print(now() - before)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak of a process is read from Linux's /proc")
@pytest.mark.parametrize(
    ("precision", "way", "most"),
    [
        ("fp32", "plain", 0.2),  # nothing is read before it is needed
        ("fp32", "compiled", 1.6),  # packed, and the layers of one session as they stand in the file
        ("int8", "compiled", 0.75),
    ],
)
def test_what_packing_takes_beside_the_file(tmp_path: Path, precision: str, way: str, most: float) -> None:
    """The most memory, in sizes of the file. Whole checkpoints are measured in `benchmarks/chattts.py`."""
    from studio.nn.cache import DecoderConfig
    from studio.nn.decoder import Decoder

    path = tmp_path / "large.safetensors"
    save_file(Decoder(DecoderConfig(dim=512, layers=21, heads=8, hidden=2048)).state_dict(), path)
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(path), precision, way],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(done.stdout) * 1024 < most * path.stat().st_size


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="Linux tells its mappings; elsewhere nothing is freed")
@pytest.mark.parametrize("name", ["a.pt", "a.safetensors"])
def test_a_packed_weight_gives_its_memory_back_and_can_still_be_read(tmp_path: Path, name: str) -> None:
    path, value = tmp_path / name, torch.arange(4_000_000, dtype=torch.float32)
    torch.save({"x": value}, path) if name.endswith(".pt") else save_file({"x": value}, path)
    tensor = read_tensors(path)["x"]
    assert torch.equal(tensor, value)  # now it is in memory
    before = resident()
    let_go(path)(tensor)
    assert before - resident() > 12_000
    assert torch.equal(tensor, value)
    own = torch.ones(1_000_000)
    let_go(path)(own)  # not of this file: untouched
    assert own.sum() == 1_000_000


def resident() -> int:
    """KiB of memory that this process holds now."""
    return int(Path("/proc/self/status").read_text().partition("VmRSS:")[2].split()[0])
