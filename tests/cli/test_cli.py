"""The command line as a person uses it: real processes, real files, exit codes, both languages."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import soundfile

from studio.audio.files import probe, read

from ..weights.hub import Hub, serve

ROOT = Path(__file__).parents[2]


def test_help_is_quick_and_imports_nothing_heavy():
    script = (
        "import sys; sys.argv=['timbre','--help']\n"
        "from studio.cli.main import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy = {'torch','gradio','sqlalchemy','av','numpy','wetext','rich','librosa','numba'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True, capture_output=True)


def test_speaking_needs_neither_torch_nor_gradio(tmp_path):
    script = (
        "import sys\n"
        f"folder, target = {str(tmp_path / 'd')!r}, {str(tmp_path / 'a.wav')!r}\n"
        "sys.argv=['timbre','--data-dir',folder,'speak','hello 你好','-o',target]\n"
        "from studio.cli.main import main\n"
        "try: main()\n"
        "except SystemExit as end: assert not end.code, end.code\n"
        "heavy = {'torch','gradio','alembic','scipy','pandas','librosa','numba','sklearn'} & set(sys.modules)\n"
        "assert heavy <= {'alembic'}, heavy"
    )
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True)
    assert read(tmp_path / "a.wav").seconds > 0.5


@pytest.mark.parametrize("language", ["en", "zh"])
def test_help_of_every_command_in_both_languages(run, language):
    from studio.cli.main import HOMES

    for command in HOMES:
        if command != "serve":
            text = run(command, "--help", language=language).stdout
            assert any("\u4e00" <= c <= "\u9fff" for c in text) == (language == "zh"), command


def test_speak_writes_a_file_and_says_how_long_it_is(run, tmp_path):
    target = tmp_path / "hello.wav"
    done = run("speak", "你好，世界。Hello from Timbre Studio!", "-o", str(target))
    assert "hello.wav  0:0" in done.stderr
    assert 2 < read(target).seconds < 7


def test_speak_takes_everything_by_option(run, tmp_path):
    target = tmp_path / "all.mp3"
    done = run(
        *("speak", "-", "-o", str(target), "-v", "seed:7", "-s", "slow", "-c", "pitch=3", "--seed", "5", "--json"),
        stdin="从标准输入来的文字。",
    )
    take = json.loads(done.stdout)
    assert take["voice_label"] == "seed:7"
    assert probe(target).seconds == pytest.approx(take["frames"] / take["rate"], abs=0.1)


def test_speak_into_a_pipe_is_a_wav(run):
    done = run("speak", "Into the pipe.", "-o", "-", text=False)
    assert done.stdout[:4] == b"RIFF"
    assert len(done.stdout) > 20_000


def test_voices_are_kept_found_edited_deleted_and_brought_back(run):
    added = json.loads(run("voices", "add", "晚风", "--seed", "2222", "--tag", "warm", "--json").stdout)
    run("voices", "edit", "晚风", "--rating", "4", "--favourite")
    found = json.loads(run("voices", "list", "晚", "--json").stdout)
    assert found["total"] == 1
    assert (found["voices"][0]["rating"], found["voices"][0]["tags"]) == (4, ["warm"])
    run("voices", "delete", "晚风")
    assert json.loads(run("voices", "list", "--json").stdout)["total"] == 0
    run("voices", "restore", added["id"])
    assert "晚风" in run("voices", "list").stdout


def test_voices_are_blended_and_the_blend_speaks(run, tmp_path):
    kept = json.loads(run("voices", "blend", "between", "f2=1", "seed:7=0.5", "--json").stdout)
    assert (kept["kind"], [parent["weight"] for parent in kept["parents"]]) == ("embedding", [1.0, 0.5])
    run("speak", "Somewhere in between.", "-o", str(tmp_path / "a.wav"), "-v", "between")
    assert read(tmp_path / "a.wav").seconds > 0.8
    assert "2 to 8 voices" in run("voices", "blend", "x", "f2=1", code=2).stderr
    assert "2 to 8 voices" in run("voices", "blend", "x", "f2=-1", "m3=lots", code=2).stderr


def test_takes_are_listed_shown_exported_and_starred(run, tmp_path):
    run("speak", "A take to be found again.", "-o", str(tmp_path / "a.wav"))
    take = json.loads(run("takes", "list", "found", "--json").stdout)["takes"][0]
    run("takes", "star", take["digest"])
    run("takes", "export", take["digest"], "-o", str(tmp_path / "b.flac"), "--polish", "podcast")
    assert probe(tmp_path / "b.flac").seconds == pytest.approx(probe(tmp_path / "a.wav").seconds, abs=0.05)
    shown = json.loads(run("takes", "show", take["digest"]).stdout)
    assert shown["recipe"]["lines"][0]["engine"] == "espeak"
    assert "MB freed" in run("takes", "clean", "--limit-mb", "0").stdout
    assert json.loads(run("takes", "list", "--starred", "--json").stdout)["total"] == 1
    assert (tmp_path / "data" / "takes" / f"{take['digest']}.flac").exists()


def test_inspect_tells_the_recipe_and_refuses_strangers(run, tmp_path):
    target = tmp_path / "told.mp3"
    run("speak", "What am I?", "-o", str(target))
    text = run("inspect", str(target)).stdout
    assert "Synthetic speech: yes" in text
    assert "What am I?" in text
    import soundfile

    soundfile.write(tmp_path / "stranger.wav", [0.0] * 8000, 8000)
    assert "no statement" in run("inspect", str(tmp_path / "stranger.wav"), code=2).stderr


def test_styles_are_shipped_saved_and_deleted(run):
    assert {"story", "news", "slow"} <= {style["name"] for style in json.loads(run("styles", "list", "--json").stdout)}
    run("styles", "save", "mine", "-c", "speed=1.3")
    assert "mine" in run("styles", "list").stdout
    run("styles", "delete", "mine")
    assert "mine" not in run("styles", "list").stdout


def test_lists_of_the_house_are_json_for_programs(run):
    engines = json.loads(run("engines", "--json").stdout)
    assert engines[0]["id"] == "espeak"
    assert {control["name"] for control in engines[0]["controls"]} >= {"speed", "pitch"}
    chattts = json.loads(run("models", "--json").stdout)[0]
    assert (chattts["id"], chattts["state"], chattts["licence"]) == ("chattts", "missing", "CC-BY-NC-4.0")
    assert json.loads(run("bench", "--seconds", "1", "--json").stdout)[0]["real_time_factor"] < 0.1


def test_the_doctor_finds_this_machine_well(run):
    checks = json.loads(run("doctor", "--json").stdout)
    assert len(checks) >= 6
    assert all(check["good"] for check in checks)
    assert json.loads(run("takes", "list", "--json").stdout)["takes"] == [], "its sentence is not in anybody's history"


@pytest.mark.parametrize(
    ("arguments", "code", "en", "zh"),
    [
        (["speak", "", "-o", "a.wav"], 2, "nothing", "没有"),
        (["speak", "hi", "-o", "a.xyz"], 2, "a.xyz", "a.xyz"),
        (["speak", "hi", "-o", "/no/such/folder/a.wav"], 5, "does not exist", "不存在"),
        (["speak", "hi", "-o", "a.wav", "-e", "espek"], 2, "did you mean “espeak”", "是不是“espeak”"),
        (["speak", "hi", "-o", "a.wav", "-c", "speed=9"], 2, "0.5 to 2.5", "0.5 到 2.5"),
        (["speak", "hi", "-o", "a.wav", "-c", "speed"], 2, "name=value", "名称=数值"),
        (["speak", "hi", "-o", "a.wav", "-v", "nobody"], 2, "no such voice", "没有这个音色"),
        (["convert", "missing.txt", "-o", "a.mp3"], 2, "missing.txt", "missing.txt"),
        (["takes", "show", "abc"], 2, "take", "没有"),
        (["spaek", "hi"], 2, "did you mean speak", "是不是 speak"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_bad_input_ends_with_a_sentence_and_its_code(run, arguments, code, en, zh):
    assert en in run(*arguments, code=code, language="en").stderr
    assert zh in run(*arguments, code=code, language="zh").stderr


def test_the_language_can_be_chosen_for_one_call(run):
    assert "语音合成" in run("--interface", "zh", "--help").stdout


TINY = str(Path(__file__).parents[1] / "parity" / "chattts" / "tiny")


def test_chattts_speaks_from_a_folder_of_models(run, tmp_path):
    said = tmp_path / "said.wav"
    asked = ["-e", "chattts", "-c", "min_tokens=40", "-o", str(said), "--json"]
    done = run("--models", TINY, "speak", "你好世界。", *asked)
    assert json.loads(done.stdout)["engine"] == "chattts"
    assert said.stat().st_size > 10_000


def test_any_engine_is_measured_by_name(run):
    rows = json.loads(run("--models", TINY, "bench", "chattts", "--seconds", "2", "--json").stdout)
    assert {row["language"] for row in rows} == {"zh", "en"}
    assert all(row["audio_s"] > 0 for row in rows)


def test_a_voice_is_a_string_and_the_string_a_voice(run, tmp_path):
    code = run("--models", TINY, "voices", "code", "seed:42").stdout.strip()
    assert run("--models", TINY, "voices", "code", f"code:{code}").stdout.strip() == code
    takes = []
    for voice in ("seed:42", f"code:{code}"):
        said = tmp_path / "said.wav"
        options = ["-e", "chattts", "-v", voice, "-c", "retries=5", "-o", str(said)]
        run("--models", TINY, "speak", "你好世界。", *options)
        takes.append(soundfile.read(said)[0].tobytes())
    assert takes[0] == takes[1]
    refused = run("--models", TINY, "voices", "code", "code:蘁淰", code=2)
    assert "speaker code" in refused.stderr
    assert "no strings" in run("voices", "code", "f2", "--engine", "espeak", code=2).stderr


def test_how_a_model_is_loaded_is_shown_chosen_and_put_back(run, tmp_path):
    assert "1 to 8" in run("--models", TINY, "engines", "set", "chattts", "rows=9", code=2).stderr
    run("--models", TINY, "engines", "set", "chattts", "precision=fp32", "rows=2")
    shown = json.loads(run("--models", TINY, "engines", "show", "chattts", "--json").stdout)
    assert {one["name"]: (one["value"], one["source"]) for one in shown["settings"]} == {
        "precision": ("fp32", "chosen"),
        "device": ("auto", "default"),
        "rows": (2, "chosen"),
        "quantiser": ("1.12.5", "default"),
    }
    assert len(shown["held"]["coefficient"]) == 230  # the DVAE's, as people exchange it
    assert "已选定" not in run("engines", "reset", "chattts", language="zh").stdout
    assert "nothing to set" in run("engines", "show", "espeak").stdout


def test_models_are_found_verified_and_not_removed_from_a_folder_of_the_user(run):
    assert run("--models", TINY, "models", "where", "chattts").stdout.strip() == TINY
    assert "may hold other weights" in run("--models", TINY, "models", "verify", "chattts").stdout
    refused = run("--models", TINY, "models", "remove", "chattts", code=2)
    assert "not installed by the studio" in refused.stderr


def test_a_model_is_not_fetched_before_its_licence_was_accepted(run):
    refused = run("models", "install", "chattts", code=2)
    assert "CC-BY-NC-4.0" in refused.stderr
    assert "--yes" in refused.stderr
    unheard = run("models", "install", "chattts", "--yes", "--endpoint", "http://127.0.0.1:9", code=5)
    assert "could not be fetched" in unheard.stderr


def test_a_file_that_is_not_the_published_one_is_named_and_nothing_stays(run, tmp_path):
    paths = [path for path in Path(TINY).rglob("*") if path.is_file()]
    published = {path.relative_to(TINY).as_posix(): path.read_bytes() for path in paths}
    with serve(Hub(published, "2Noise/ChatTTS")) as hub:
        refused = run("models", "install", "chattts", "--yes", "--endpoint", hub.url, code=2)
    assert "asset/DVAE.safetensors: not the published file" in refused.stderr
    assert "not installed" in run("models", "where", "chattts", code=3).stderr
    assert not list((tmp_path / "data" / "weights").rglob("*.safetensors"))


def test_without_its_weights_chattts_says_how_to_get_them(run, tmp_path):
    refused = run("speak", "hi", "-e", "chattts", "-o", str(tmp_path / "a.wav"), code=3)
    assert "python -m studio models install chattts" in refused.stderr


SENSEVOICE = ROOT / "tests" / "parity" / "sensevoice"
LISTENING = ("--models", str(SENSEVOICE / "tiny"))


def test_transcribe_writes_what_is_said(run, tmp_path):
    sound = str(SENSEVOICE / "audio" / "b_cross_1.wav")
    assert run(*LISTENING, "transcribe", sound).stdout == "The old clock repeats her first song.\n"
    spoken = run(*LISTENING, "transcribe", sound, "--spoken", "-f", "srt").stdout
    assert spoken.startswith("1\n00:00:00,")
    assert "the old clock repeats her first song" in spoken
    run(*LISTENING, "transcribe", sound, "-f", "json", "-o", str(tmp_path / "x.json"))
    assert json.loads((tmp_path / "x.json").read_text("utf-8"))["segments"][0]["emotion"] == "sad"


def test_transcribe_takes_folders_and_says_which_file_is_bad(run, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    for name in ("a_zero_shot", "b_cross_1"):
        (folder / f"{name}.wav").write_bytes((SENSEVOICE / "audio" / f"{name}.wav").read_bytes())
    (folder / "bad.mp3").write_bytes(b"nothing" * 50)
    out = tmp_path / "out"
    done = run(*LISTENING, "transcribe", str(folder), "-f", "txt", "-f", "rich", "-o", str(out), code=1)
    assert "bad.mp3" in done.stderr
    assert "1 of 3 files" in done.stderr
    assert sorted(path.name for path in out.iterdir()) == [
        "a_zero_shot.rich.txt", "a_zero_shot.txt", "b_cross_1.rich.txt", "b_cross_1.txt",
    ]  # fmt: skip
    (folder / "bad.mp3").unlink()
    run(*LISTENING, "transcribe", str(folder), "--table", "-o", str(tmp_path / "emotions.csv"))
    assert "b_cross_1.wav,2.900,en,sad," in (tmp_path / "emotions.csv").read_text("utf-8-sig")
    assert "sad" in run(*LISTENING, "transcribe", str(folder), "--table").stdout


def test_transcribe_says_what_is_wrong(run, tmp_path):
    sound = str(SENSEVOICE / "audio" / "b_cross_1.wav")
    missing = run("transcribe", sound, code=3, language="zh")
    assert "models install sensevoice" in missing.stderr
    assert "没有这个" in run(*LISTENING, "transcribe", sound, "--recogniser", "x", code=2, language="zh").stderr
    assert "fr" in run(*LISTENING, "transcribe", sound, "--text-language", "fr", code=2).stderr
    (tmp_path / "empty").mkdir()
    assert "no sound files" in run(*LISTENING, "transcribe", str(tmp_path / "empty"), code=2).stderr


def test_takes_and_voices_are_heard_again(run, tmp_path):
    run("speak", "The old clock repeats her first song.", "-o", str(tmp_path / "x.wav"))
    digest = json.loads(run("takes", "list", "--json").stdout)["takes"][0]["digest"]
    (heard,) = json.loads(run(*LISTENING, "takes", "listen", digest, "--json").stdout)
    assert heard["comparison"]["unit"] == "word"
    assert digest[:12] in run(*LISTENING, "takes", "listen", digest).stdout
    emotion = heard["segments"][0]["emotion"]
    assert json.loads(run("takes", "list", "--emotion", emotion, "--json").stdout)["total"] == 1
    run("voices", "add", "Ann", "--seed", "3")
    assert "--preview" in run(*LISTENING, "voices", "listen", "Ann", code=2).stderr
    run(*LISTENING, "voices", "listen", "Ann", "--preview", "Hello there my friend.")
    assert json.loads(run("voices", "list", "--json").stdout)["voices"][0]["emotion"]


def test_a_production_from_manuscript_to_master(run, tmp_path):
    tale = tmp_path / "tale.md"
    tale.write_text(
        "# Night\n\n“Who is there?” asked Martha.\n\n“Only me,” said Tom.\n\n# Day\n\nThe sun rose.\n", "utf-8"
    )
    looked = json.loads(run("productions", "look", str(tale), "--json").stdout)
    assert [one["title"] for one in looked["sections"]] == ["Night", "Day"]
    assert {one["name"] for one in looked["speakers"]} == {"Martha", "Tom"}
    id = run("productions", "begin", str(tale), "--voice", "m3").stdout.strip()
    cast = json.loads(run("productions", "cast", id, "Tom=m7", "--pan", "Tom=-1", "--json").stdout)
    assert {one["member"]["speaker"]: one["member"]["voice"] for one in cast}["Tom"] == "m7"
    assert {one["member"]["speaker"]: one["member"]["pan"] for one in cast} == {"": 0.0, "Martha": 0.0, "Tom": -1.0}
    rendered = json.loads(run("productions", "render", id, "--json").stdout)
    assert (rendered["states"], rendered["problems"]) == ({"done": rendered["lines"]}, [])
    again = json.loads(run("productions", "render", id, "--json").stdout)
    assert again["rendered"] == 0
    target, stems = tmp_path / "tale.m4b", tmp_path / "stems"
    told = run("productions", "export", id, "-o", str(target), "--stems", str(stems), "--stereo-stems", "--json")
    files = json.loads(told.stdout)
    assert (files[0]["chapters"], files[0]["channels"]) == (2, 2)
    assert {probe(track).channels for track in stems.glob("*.wav")} == {2}
    assert [chapter.title for chapter in probe(target).chapters] == ["Night", "Day"]
    tracks = sorted(stems.glob("*.wav"))
    assert len(tracks) == 3
    assert len({read(track).seconds for track in tracks}) == 1, "all tracks are of one length"
    labels = [line.split("\t") for line in (stems / "labels.txt").read_text("utf-8").splitlines()]
    assert len(labels) == rendered["lines"]
    start, end, words = labels[1]
    assert words.startswith("Martha: “Who is there?”")
    own = read(next(track for track in tracks if "Martha" in track.name))
    inside = own.samples[round(float(start) * own.rate) : round(float(end) * own.rate)]
    assert abs(inside).max() > 0.05
    run("productions", "pack", id, str(tmp_path / "tale.zip"))
    copy = run("productions", "unpack", str(tmp_path / "tale.zip")).stdout.strip()
    assert [line.split("\t")[1] for line in run("productions", "list").stdout.splitlines()[1:]] == [
        "Night",
        "Night",
    ] or copy
    tale.write_text(
        "# Night\n\n“Who is there?” asked Martha.\n\n“It is only me,” said Tom.\n\n# Day\n\nThe sun rose.\n", "utf-8"
    )
    assert "1 new, 1 gone" in run("productions", "revise", id, str(tale)).stdout
    assert json.loads(run("productions", "render", id, "--json").stdout)["rendered"] == 1


def test_productions_are_refused_with_a_reason(run, tmp_path):
    wrong = tmp_path / "x.epub"
    wrong.write_bytes(b"no book")
    assert "damaged" in run("productions", "begin", str(wrong), code=2).stderr
    assert "production" in run("productions", "render", "nothing", code=2).stderr
    tale = tmp_path / "tale.txt"
    tale.write_text("Words.", "utf-8")
    assert "NUMBER=TITLE" in run("productions", "begin", str(tale), "--title-of", "Morning", code=2).stderr
    assert "NUMBER:PARAGRAPH" in run("productions", "begin", str(tale), "--split", "Morning", code=2).stderr
    assert "section 9" in run("productions", "begin", str(tale), "--join", "9", code=2).stderr
    id = run("productions", "begin", str(tale), "--title-of", "0=Morning").stdout.strip()
    run("productions", "pack", id, str(tmp_path / "pack"))
    assert json.loads((tmp_path / "pack" / "production.json").read_text("utf-8"))["chapters"] == ["Morning"]
    assert "render it first" in run("productions", "export", id, "-o", str(tmp_path / "x.wav"), code=2).stderr
    assert "master" in run("productions", "export", id, "--as", "betamax", code=2).stderr
    assert "SPEAKER=VOICE" in run("productions", "cast", id, "Tom", code=2).stderr
    assert "SPEAKER=PLACE" in run("productions", "cast", id, "--pan", "Tom=left", code=2).stderr
