"""Voices as files on the command line: out, in again, many at once."""

import json
from pathlib import Path


def test_voices_go_out_and_come_in_again(run, tmp_path: Path) -> None:
    run("voices", "add", "晚风", "--seed", "7", "--tag", "warm")
    run("voices", "add", "青石", "--seed", "8")
    told = json.loads(run("voices", "export", "--all", "-o", str(tmp_path / "all.zip"), "--json").stdout)
    assert told["voices"] == 2
    run("voices", "export", "晚风", "-o", str(tmp_path / "wind.voice.png"))
    (entry,) = json.loads(run("voices", "import", str(tmp_path / "wind.voice.png"), "--json").stdout)
    assert (entry["outcome"], entry["name"], entry["format"]) == ("known", "晚风", "card")
    undo = run("voices", "delete", "晚风", "青石").stdout
    assert undo.startswith("python -m studio voices restore ")
    done = run("voices", "import", str(tmp_path / "all.zip"), language="zh")
    assert "已导入 2 个" in done.stderr
    found = json.loads(run("voices", "list", "--json", "--tag", "warm").stdout)
    assert [voice["name"] for voice in found["voices"]] == ["晚风"]


def test_a_file_that_is_no_voice_ends_with_code_2_and_says_why(run, tmp_path: Path) -> None:
    (tmp_path / "a.pt").write_bytes(b"\x80\x04cos\nsystem\n(Vtouch x\ntR.")
    done = run("voices", "import", str(tmp_path / "a.pt"), code=2)
    assert "pickle with more than numbers" in done.stderr
    assert "import: name a file" in run("voices", "import", code=2).stderr
    assert "no voice" in run("voices", "export", "--all", "-o", str(tmp_path / "a.zip"), code=2).stderr
    assert "name voices, or choose" in run("voices", "export", "-o", str(tmp_path / "a.zip"), code=2).stderr
    assert not (tmp_path / "a.zip").exists()


def test_many_are_tagged_and_rated_at_once(run) -> None:
    for seed in ("1", "2", "3"):
        run("voices", "add", f"v{seed}", "--seed", seed, "--tag", "new")
    assert (
        "3 voices"
        in run("voices", "tag", "--with-tag", "new", "--add", "kept", "--remove", "new", "--rating", "4").stdout
    )
    found = json.loads(run("voices", "list", "--json").stdout)["voices"]
    assert {(tuple(voice["tags"]), voice["rating"]) for voice in found} == {(("kept",), 4)}
    assert "only" not in run("voices", "formats").stdout.split("safetensors")[0]
