"""`voices draw` and its kin, `styles import`, `export`, `edit`, `compare`: as a person types them."""

import json
from pathlib import Path

from studio.audio.files import read
from studio.errors import BadRequest

STYLE = 'name = "Reader"\nlabel = "Reader"\nabout = "For me."\n[controls.espeak]\nspeed = 0.8\npitch = -2\n'


def test_a_draw_becomes_files_with_a_contact_sheet_that_gives_them_again(run, tmp_path: Path):
    folder = tmp_path / "drawn"
    swept = ["--count", "3", "--sweep", "speed=0.8..1.2x2", "--keep", "2=Eve"]
    told = json.loads(run("voices", "draw", *swept, "-o", str(folder), "--json").stdout)
    sheet = json.loads((folder / "sheet.json").read_text(encoding="utf-8"))
    assert sheet == told
    assert sorted(path.name for path in folder.iterdir()) == [*(f"0{n}.wav" for n in range(1, 7)), "sheet.json"]
    seeds = ",".join(map(str, sheet["recipe"]["seeds"]))
    again = tmp_path / "again"
    text = sheet["recipe"]["sentence"]["text"]
    run("voices", "draw", "--seeds", seeds, "--sweep", "speed=0.8,1.2", "-o", str(again), "--text", text)
    for n in range(1, 7):
        assert (read(folder / f"0{n}.wav").samples == read(again / f"0{n}.wav").samples).all()
    run("voices", "draw", "--recipe", folder / "sheet.json", "-o", tmp_path / "pasted")
    for n in range(1, 7):
        assert (folder / f"0{n}.wav").read_bytes() == (tmp_path / "pasted" / f"0{n}.wav").read_bytes()
    both = ["--recipe", folder / "sheet.json", "--count", "3", "-o", tmp_path / "no"]
    assert "leave out --count" in run("voices", "draw", *both, code=BadRequest.exit_code).stderr
    shown = json.loads(run("voices", "show", "Eve").stdout)
    assert shown["controls"] == {"speed": 1.2}
    assert shown["id"] == sheet["candidates"][1]["kept"]


def test_children_are_heard_and_kept(run, tmp_path: Path):
    walk = ["f2", "m3", "--steps", "3", "--keep", "2=Middle", "--format", "flac"]
    run("voices", "interpolate", *walk, "-o", str(tmp_path / "a"))
    run(
        "voices", "mutate", "Middle", "--count", "2", "--strength", "0.5", "-o", str(tmp_path / "b"), "--keep", "1=Near"
    )
    bred = run("voices", "breed", "Middle=5", "Near=3", "--count", "2", "-o", str(tmp_path / "c"), "--json").stdout
    parents = [parent["name"] for one in json.loads(bred)["candidates"] for parent in one["parents"]]
    assert set(parents) == {"Middle", "Near"}
    assert (tmp_path / "a" / "02.flac").is_file()


def test_what_cannot_be_drawn_leaves_nothing_behind(run, tmp_path: Path):
    folder = tmp_path / "none"
    for arguments, words in (
        (["draw", "--count", "25"], "25 candidates"),
        (["draw", "--seeds", "1,x"], "a seed is a whole number"),
        (["draw", "--sweep", "warmth=1..2"], "no such control"),
        (["draw", "--sweep", "speed=1..9"], "takes 0.5 to 2.5"),
        (["breed", "f2=0", "m3=0"], "rated above 0"),
        (["mutate", "f2", "--strength", "9"], "strength 9"),
        (["draw", "--count", "2", "--keep", "3=X"], "there are 1 to 2"),
        (["draw", "--keep", "X"], "number=name"),
    ):
        assert words in run("voices", *arguments, "-o", str(folder), code=2).stderr
        assert not folder.exists()
    assert json.loads(run("voices", "list", "--json").stdout)["total"] == 0


def test_a_style_goes_out_comes_back_is_edited_and_compared(run, tmp_path: Path):
    path = tmp_path / "mine.toml"
    path.write_text(STYLE, encoding="utf-8")
    run("styles", "import", str(path))
    assert "taken" in run("styles", "import", str(path), code=2).stderr
    run("styles", "import", str(path), "--replace")
    run("styles", "edit", "Reader", "-c", "volume=-3", "--without", "pitch", "--rename", "Evening reader")
    out = tmp_path / "out.toml"
    run("styles", "export", "Evening reader", "-o", str(out))
    assert "speed = 0.8" in out.read_text(encoding="utf-8")
    assert "pitch" not in out.read_text(encoding="utf-8")
    heard = ["-o", str(tmp_path / "heard"), "--text", "Hello there.", "--json"]
    told = json.loads(run("styles", "compare", "Evening reader", "calm", *heard).stdout)
    differs = [row["name"] for row in told["controls"] if row["differs"]]
    assert differs == ["speed", "pitch", "intonation", "volume", "brightness"]
    assert [place["setting"] for place in told["candidates"]] == ["Evening reader", "calm"]
    assert (tmp_path / "heard" / "02.wav").is_file()
    assert "cannot be changed" in run("styles", "edit", "calm", "-c", "speed=1", code=2).stderr
    path.write_text(STYLE.replace("0.8", "9"), encoding="utf-8")
    assert "0.5 to 2.5" in run("styles", "import", str(path), "--name", "Other", code=2).stderr
