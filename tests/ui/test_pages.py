"""What the pages ask the server for, without a browser: each function does what its button says."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from studio.studio import Studio
from studio.ui.pages.parts import component

Ask = Callable[..., Any]


def test_the_page_is_told_everything_it_draws(ask: Ask) -> None:
    told = ask("speak_begin")["ok"]
    assert {e["id"] for e in told["engines"]} >= {"espeak"}
    assert [m["name"] for m in told["marks"]][:2] == ["pause", "break"]
    assert {"wav", "mp3", "m4b"} <= {f["id"] for f in told["formats"]}
    assert told["polish"][0]["id"] == "off"
    assert len(told["examples"]) == 3
    espeak = next(e for e in told["engines"] if e["id"] == "espeak")
    speed = next(c for c in espeak["controls"] if c["name"] == "speed")
    assert speed["low"] < speed["default"] < speed["high"]


def test_labels_come_in_the_readers_language(ask: Ask) -> None:
    english, chinese = (ask("speak_begin", language=language)["ok"] for language in ("en", "zh"))
    for group in ("marks", "steps", "polish"):
        pairs = zip(english[group], chinese[group], strict=True)
        assert all(a["help"] != b["help"] for a, b in pairs), group
    controls = zip(english["engines"][0]["controls"], chinese["engines"][0]["controls"], strict=True)
    assert all(a["label"] != b["label"] and a["help"] != b["help"] for a, b in controls)


def test_what_will_be_said_stands_beside_what_was_written(ask: Ask) -> None:
    plan = ask("plan_shown", {"text": "今天 23.5℃。[laugh]", "desk": {}})["ok"]
    assert "二十三点五" in plan["lines"][0]["spoken"]
    assert "23.5" in plan["lines"][0]["original"]
    assert "laugh" in plan["notes"][0]["mark"]
    assert plan["seconds"] > 0


def test_a_step_switched_off_changes_what_is_said(ask: Ask) -> None:
    steps = ask("speak_begin")["ok"]["steps"]
    off = {step["id"]: False for step in steps if step["default"] is True}
    plan = ask("plan_shown", {"text": "今天 23.5℃。", "desk": {"steps": off}})["ok"]
    assert "二十三点五" not in plan["lines"][0]["spoken"]


@pytest.mark.parametrize(
    ("text", "desk", "code"),
    [
        ("", {}, "bad_text"),
        ("[pause 300ms]", {}, "bad_text"),
        ("[strong]never closed", {}, "bad_text"),
        ("a" * 20_000, {}, "bad_text"),
        ("hello", {"engine": "none"}, "not_found"),
        ("hello", {"voice": "nobody of that name"}, "not_found"),
        ("hello", {"voice": "seed:-1"}, "bad_request"),
        ("hello", {"style": "none"}, "not_found"),
        ("hello", {"controls": {"speed": 99}}, "bad_control"),
        ("hello", {"controls": {"unknown": 1}}, "bad_control"),
        ("hello", {"seed": "abc"}, "bad_request"),
    ],
)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_bad_input_is_named_in_the_readers_language(
    ask: Ask, text: str, desk: dict[str, Any], code: str, language: str
) -> None:
    error = ask("plan_shown", {"text": text, "desk": desk}, language)["error"]
    assert error["code"] == code
    assert any("\u4e00" <= c <= "\u9fff" for c in error["text"]) == (language == "zh")


def test_a_voice_is_kept_found_changed_deleted_and_brought_back(ask: Ask) -> None:
    voice = ask("add_seed", {"engine": "espeak", "seed": "4711", "name": "晚风"}, "zh")["ok"]
    assert voice["facts"].endswith("由种子生成")
    found = ask("find_voices", {"search": "晚风"})["ok"]
    assert [v["id"] for v in found["voices"]] == [voice["id"]]
    changed = ask(
        "change_voice", {"id": voice["id"], "name": "夜风", "tags": ["温暖", "slow"], "rating": 4, "favourite": True}
    )["ok"]
    assert (changed["name"], changed["tags"], changed["rating"], changed["favourite"]) == (
        "夜风",
        ["slow", "温暖"],
        4,
        True,
    )
    assert changed["glyph"] == voice["glyph"]
    assert ask("find_voices", {"tag": "温暖", "favourite": True, "sort": "rating"})["ok"]["total"] == 1
    ask("drop_voice", {"id": voice["id"]})
    assert ask("find_voices", {"search": "夜风"})["ok"]["total"] == 0
    ask("restore_voice", {"id": voice["id"]})
    assert ask("find_voices", {"search": "夜风"})["ok"]["total"] == 1
    ask("drop_voice", {"id": voice["id"]})


def test_voices_are_offered_by_name_and_by_seed(ask: Ask) -> None:
    groups = {g["label"]: g["voices"] for g in ask("voices_offered", {"engine": "espeak", "search": "2222"})["ok"]}
    assert groups["Seed"][0]["ref"] == "seed:2222"
    everything = ask("voices_offered", {"engine": "espeak", "search": ""})["ok"]
    assert len(everything[-1]["voices"]) > 3


def seen(ask: Ask, id: str) -> dict[str, Any]:
    """A draw when it is over."""
    for _ in range(300):
        found = ask("draw_seen", {"id": id})["ok"]
        if found["state"] not in ("waiting", "running"):
            return dict(found)
        time.sleep(0.05)
    raise AssertionError("the draw does not end")


def test_drawn_voices_differ_are_heard_and_kept(ask: Ask, client: Any) -> None:
    begun = ask("draw_begin", {"engine": "espeak", "count": 12}, "zh")["ok"]
    assert len({one["glyph"] for one in begun["places"]}) == 12
    assert begun["text"].startswith("你好，这就是我的声音")
    places = seen(ask, begun["id"])["places"]
    assert all(one["take"]["seconds"] > 1 for one in places)
    assert client.get(f"/takes/{places[3]['take']['digest']}.flac").status_code == 200
    voice = ask("draw_keep", {"id": begun["id"], "number": 4, "name": "第四", "favourite": True})["ok"]
    opened = ask("voice_opened", {"id": voice["id"]}, "zh")["ok"]
    assert opened["favourite"]
    assert [one["digest"] for one in opened["previews"]] == [places[3]["take"]["digest"]]
    assert ["制作方式", "抽卡"] in opened["rows"]
    assert ask("voice_heard", {"id": voice["id"]})["ok"]["take"]["digest"] == places[3]["take"]["digest"]
    again = ask("draw_again", {"id": begun["id"], "liked": [4]})["ok"]
    assert again["places"][0]["name"] == begun["places"][3]["name"].replace("种子", "Seed")
    ask("drop_voice", {"id": voice["id"]})


@pytest.mark.parametrize(
    ("name", "asked", "words"),
    [
        ("draw_begin", {"engine": "espeak", "count": 25}, "24"),
        ("draw_begin", {"engine": "espeak", "seeds": "1,x"}, "1,2,5-9"),
        ("draw_begin", {"engine": "espeak", "sweep": {"control": "speed", "low": 1, "high": 9}}, "0.5"),
        ("draw_begin", {"engine": "espeak", "sweep": {"control": "speed", "low": "a", "high": 9}}, "low"),
        (
            "draw_begin",
            {"engine": "espeak", "sweep": {"control": "speed", "low": 1, "high": 2, "steps": 99}},
            "temperature=",
        ),
        ("draw_begin", {"engine": 7}, "engine"),
        ("draw_seen", {"id": "nothing"}, "nothing"),
        ("draw_keep", {"id": "nothing", "number": 1, "name": "x"}, "nothing"),
        ("evolve_begin", {"engine": "espeak", "family": "mix", "voices": {"f2": 1}}, "2"),
        ("evolve_begin", {"engine": "espeak", "family": "mix", "voices": {"f2": "a", "m3": 1}}, "f2"),
        ("evolve_begin", {"engine": "espeak", "family": "between", "voices": {"f2": 1}}, "between"),
        ("evolve_begin", {"engine": "espeak", "family": "clone", "voices": {}}, "clone"),
        ("evolve_begin", {"engine": "espeak", "family": "mutate", "voices": {"f2": 1}, "strength": 99}, "99"),
        ("compare_voices", {"ids": ["nobody"]}, "nobody"),
        ("compare_styles", {"engine": "espeak", "names": ["calm"]}, "2"),
        ("compare_styles", {"engine": "espeak", "names": ["calm", "none such"]}, "none such"),
        ("style_read", {"text": "name = \x00", "file": "x.toml"}, "x.toml"),
        ("style_read", {"text": "a" * 70000, "file": "x.toml"}, "64"),
        ("style_edited", {"engine": "espeak", "name": "calm", "controls": {"speed": 1}, "rename": ""}, "calm"),
        ("voice_opened", {"id": "nobody"}, "nobody"),
    ],
)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_what_is_asked_wrongly_is_told(ask: Ask, name: str, asked: dict[str, Any], words: str, language: str) -> None:
    error = ask(name, asked, language)["error"]
    assert words in error["text"]


def test_a_take_is_found_starred_noted_deleted_and_brought_back(ask: Ask, take: dict[str, Any]) -> None:
    digest = take["digest"]
    assert digest in [t["digest"] for t in ask("find_takes", {"search": "tests"})["ok"]["takes"]]
    ask("star_take", {"digest": digest, "starred": True})
    assert ask("find_takes", {"starred": True})["ok"]["takes"][0]["starred"] is True
    ask("note_take", {"digest": digest, "note": "好听 keep"})
    assert ask("find_takes", {"search": "好听"})["ok"]["takes"][0]["note"] == "好听 keep"
    ask("drop_take", {"digest": digest})
    assert digest not in [t["digest"] for t in ask("find_takes", {})["ok"]["takes"]]
    ask("restore_take", {"digest": digest})
    assert digest in [t["digest"] for t in ask("find_takes", {})["ok"]["takes"]]


def test_a_recipe_can_be_read_and_loaded(ask: Ask, take: dict[str, Any]) -> None:
    facts = ask("take_facts", {"digest": take["digest"]}, "zh")["ok"]
    assert facts["text"].startswith("你好")
    assert facts["loadable"]
    assert [label for label, _ in facts["facts"] if label in ("引擎", "时长")] == ["引擎", "时长"]
    request = ask("request_of", {"digest": take["digest"]})["ok"]
    assert request["text"] == "你好，世界。Hello from the tests."


def test_two_takes_are_compared_and_what_differs_is_marked(ask: Ask, take: dict[str, Any], studio: Studio) -> None:
    from studio.studio import SpeakRequest

    other = studio.speak(SpeakRequest("你好，世界。Hello from the tests.", controls={"speed": 1.5})).wait(30)
    sides = ask("compare_takes", {"digests": [take["digest"], other.digest]})["ok"]
    marked = {label for label, _, differs in sides[0]["facts"] if differs}
    same = {label for label, _, differs in sides[0]["facts"] if not differs}
    assert "Length" in marked
    assert "Engine" in same
    assert ask("compare_takes", {"digests": [other.digest]})["error"]["code"] == "bad_request"


def test_a_voice_is_kept_from_a_take(ask: Ask, take: dict[str, Any]) -> None:
    voice = ask("keep_voice", {"digest": take["digest"], "name": "from a take"})["ok"]
    shown = ask("voice_shown", {"engine": "espeak", "voice": voice["id"]})["ok"]
    assert shown["name"] == "from a take"
    ask("drop_voice", {"id": voice["id"]})


def test_a_style_is_kept_used_and_deleted(ask: Ask) -> None:
    styles = ask("save_style", {"name": "my pace", "engine": "espeak", "controls": {"speed": 1.7}})["ok"]
    assert next(s for s in styles if s["name"] == "my pace")["controls"] == {"speed": 1.7}
    slow = ask("plan_shown", {"text": "one two three", "desk": {}})["ok"]["seconds"]
    assert ask("plan_shown", {"text": "one two three", "desk": {"style": "my pace"}})["ok"]["seconds"] < slow
    assert (
        ask("save_style", {"name": "x", "engine": "espeak", "controls": {"speed": 77}})["error"]["code"]
        == "bad_control"
    )
    assert "my pace" not in [s["name"] for s in ask("delete_style", {"name": "my pace"})["ok"]]


def upload(client: httpx.Client, path: Path) -> str:
    return str(
        client.post("/manuscripts", params={"name": path.name}, content=path.read_bytes()).json()["ok"]["upload"]
    )


def until(ask: Ask, id: str, states: tuple[str, ...]) -> dict[str, Any]:
    for _ in range(300):
        row = next(p for p in ask("productions_shown")["ok"] if p["id"] == id)
        if row["state"] in states:
            return dict(row)
        time.sleep(0.1)
    raise AssertionError(row)


def test_a_production_from_a_dropped_text(
    client: httpx.Client, ask: Ask, text_file: Path, studio: Studio, tmp_path: Path
) -> None:
    ticket = upload(client, text_file)
    found = ask("look_at", {"upload": ticket}, "zh")["ok"]
    assert [c["title"] for c in found["chapters"]] == ["第一章 早晨", "第二章 夜晚"]
    gaps = {"sentence": 100, "paragraph": 200, "chapter": 900}
    begun = ask("begin_production", {"upload": ticket, "title": "一天", "author": "我", "format": "m4b", "gaps": gaps})[
        "ok"
    ]
    row = until(ask, begun["id"], ("done", "failed"))
    assert row["state"] == "done", row
    assert row["title"] == "一天"
    answer = client.get(f"/productions/{begun['id']}/file")
    assert answer.status_code == 200
    assert "%E4%B8%80%E5%A4%A9.m4b" in answer.headers["content-disposition"]
    path = tmp_path / "day.m4b"
    path.write_bytes(answer.content)
    assert studio.inspect(path).synthetic
    ask("drop_production", {"id": begun["id"]})
    assert begun["id"] not in [p["id"] for p in ask("productions_shown")["ok"]]
    ask("restore_production", {"id": begun["id"]})
    assert begun["id"] in [p["id"] for p in ask("productions_shown")["ok"]]


def test_a_production_is_stopped_and_resumed(client: httpx.Client, ask: Ask, tmp_path: Path) -> None:
    path = tmp_path / "long.txt"
    path.write_text("\n\n".join(f"Sentence number {n} is here to be read." for n in range(3000)), encoding="utf-8")
    begun = ask("begin_production", {"upload": upload(client, path), "title": "Long", "format": "opus"})["ok"]
    assert until(ask, begun["id"], ("running",))["running"]
    ask("stop_production", {"id": begun["id"]})
    stopped = until(ask, begun["id"], ("stopped",))
    assert stopped["resumable"]
    assert client.get(f"/productions/{begun['id']}/file").status_code == 404
    ask("resume_production", {"id": begun["id"]})
    assert until(ask, begun["id"], ("running", "done"))
    ask("stop_production", {"id": begun["id"]})
    until(ask, begun["id"], ("stopped", "done"))


@pytest.mark.parametrize(
    ("name", "content"), [("binary.txt", bytes(range(256)) * 40), ("empty.txt", b""), ("book.docx", b"PK\x03\x04rest")]
)
def test_a_file_that_is_no_text_is_refused_with_a_reason(
    client: httpx.Client, ask: Ask, tmp_path: Path, name: str, content: bytes
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    error = ask("look_at", {"upload": upload(client, path)}, "zh")["error"]
    assert error["code"] in ("bad_file", "bad_text")
    assert name in error["text"] or error["where"]


def test_models_say_state_and_licence(ask: Ask) -> None:
    english = {m["id"]: m for m in ask("models_shown")["ok"]}
    assert english["espeak"]["word"] == "ready"
    assert any("GPL" in value for _, value in english["espeak"]["facts"])
    assert ask("models_shown", language="zh")["ok"][0]["word"] == "可用"


def test_settings_show_the_house_and_keep_the_limit(ask: Ask, studio: Studio) -> None:
    house = ask("house")["ok"]
    assert [value for label, value in house["facts"] if label == "Data folder"] == [str(studio.folder.path)]
    assert ask("set_limit", {"gb": 2.5})["ok"] is True
    assert ask("house")["ok"]["limit_gb"] == 2.5
    assert studio.cache.limit == 2_500_000_000
    for wrong in (0, -1, "x", None, True, 1e9):
        assert ask("set_limit", {"gb": wrong})["error"]["code"] == "bad_request"
    assert ask("house")["ok"]["limit_gb"] == 2.5
    assert ask("clean_cache")["ok"]["takes"] >= 0


def test_the_doctors_checks_are_shown(ask: Ask) -> None:
    checks = {c["name"]: c for c in ask("checks")["ok"]}
    assert checks["Speech"]["good"]
    assert "s of speech" in checks["Speech"]["found"]


def test_two_questions_of_one_name_are_refused() -> None:
    def same(asked: dict[str, Any], language: str) -> str:
        return "said"

    with pytest.raises(ValueError, match="two questions are called same"):
        component("any", [same, same])
