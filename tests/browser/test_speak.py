"""The Speak page: the first sound in three actions, and every control of it."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Visit = Callable[..., Any]
FIRST = """() => {
  const at = name => performance.getEntriesByName(name)[0].startTime;
  return at('timbre-first-chunk') - at('timbre-click');
}"""
LISTEN = """() => {  // every sample that WebAudio is given
  window.heard = {frames: 0, loudest: 0, rate: 0};
  const start = AudioBufferSourceNode.prototype.start;
  AudioBufferSourceNode.prototype.start = function (...given) {
    const data = this.buffer.getChannelData(0);
    window.heard.frames += data.length; window.heard.rate = this.buffer.sampleRate;
    for (const v of data) window.heard.loudest = Math.max(window.heard.loudest, Math.abs(v));
    return start.apply(this, given);
  };
}"""


@pytest.mark.parametrize("language", ["en-US", "zh-CN"])
def test_journey_1_first_sound_in_three_actions(visit: Visit, shot: Callable[..., None], language: str) -> None:
    page = visit(language=language)  # action 1: open
    page.evaluate(LISTEN)
    page.locator("#text textarea").fill(f"你好，世界。Hello from Timbre Studio! {language}")  # action 2: type
    page.locator("#generate").click()  # action 3: Generate; it is heard by itself
    page.locator("#result .result").wait_for()
    heard = page.evaluate("window.heard")
    assert heard["frames"] / heard["rate"] > 2
    assert heard["loudest"] > 0.05
    assert page.evaluate("document.querySelector('#player').checkVisibility()")
    shot(page, f"first-sound-{language[:2]}")


def test_the_first_piece_comes_within_300_ms_of_the_click(visit: Visit) -> None:
    page = visit()
    times = []
    for n in range(5):
        page.locator("#text textarea").fill(f"Sentence number {n}: how quickly do you speak?")
        page.wait_for_timeout(400)
        page.locator("#generate").click()
        page.locator("#result .result").wait_for()
        times.append(page.evaluate(FIRST))
    assert sorted(times)[2] < 300, times


def test_the_take_can_be_replayed_as_a_file(visit: Visit, speak: Callable[..., None]) -> None:
    page = visit()
    page.evaluate("""() => { window.files = []; const play = Audio.prototype.play;
        HTMLMediaElement.prototype.play = function () { window.files.push(this); return play.call(this); }; }""")
    speak(page, "Replay this, please.")
    page.wait_for_function("document.querySelector('#player-play').dataset.on === 'false'")
    page.locator("#result [data-act=replay]").click()
    page.wait_for_function(
        "window.files.length && window.files[0].duration > 0.5 && window.files[0].currentTime > 0.05"
    )


def test_controls_of_the_player(visit: Visit, speak: Callable[..., None], tmp_path: Path) -> None:
    page = visit()
    speak(page, "One sentence, and then another sentence, so that there is something to wind through.")
    page.locator("#player-speed").select_option("1.5")
    page.locator("#player-play").click()
    page.locator("#player [data-act=ahead]").click()
    page.locator("#player [data-act=back]").click()
    page.locator("#player-wave").focus()
    page.keyboard.press("ArrowRight")
    page.locator("#player-wave").click(position={"x": 20, "y": 20})
    page.locator("#player-star").click()
    page.wait_for_selector("#player-star[aria-pressed=true]")
    page.locator("#player-format").select_option("mp3")
    with page.expect_download() as caught:
        page.locator("#player-download").click()
    assert caught.value.suggested_filename.endswith(".mp3")
    caught.value.save_as(tmp_path / "take.mp3")
    assert (tmp_path / "take.mp3").stat().st_size > 5000
    page.locator("#player-recipe").click()
    assert "One sentence" in page.locator("dialog .recipe-text").inner_text()
    page.keyboard.press("Escape")
    page.locator("#nav-takes").click()  # it stays when pages change
    assert page.locator("#player").is_visible()


def test_marks_go_to_the_caret_and_around_the_selection(visit: Visit) -> None:
    page = visit()
    box = page.locator("#text textarea")
    box.fill("one two three")
    box.evaluate("e => e.setSelectionRange(3, 3)")
    page.locator("[data-mark=pause]").click()
    assert box.input_value() == "one[pause 500ms] two three"
    box.fill("one two three")
    box.evaluate("e => e.setSelectionRange(4, 7)")
    page.locator("[data-mark=strong]").click()
    assert box.input_value() == "one [strong]two[/strong] three"
    assert box.evaluate("e => e.value.slice(e.selectionStart, e.selectionEnd)") == "two"
    names = page.locator("[data-mark]").evaluate_all("all => all.map(e => e.dataset.mark)")
    for name in names:
        box.fill("word")
        box.evaluate("e => e.setSelectionRange(0, 4)")
        page.locator(f"[data-mark={name}]").click()
        page.wait_for_selector("#said .notes li, #said-failure")
        assert page.locator("#said-failure").count() == 0, name


def test_what_will_be_said_follows_the_typing(visit: Visit) -> None:
    page = visit()
    page.locator("#text textarea").fill("It is 23.5 degrees.[laugh]")
    page.wait_for_function("document.querySelector('#said-body')?.innerText.includes('twenty')")
    assert re.search(r"about \d", page.locator("#count").inner_text())
    assert "[laugh]" in page.locator("#said .notes").inner_text()
    page.locator("#said .steps summary").click()
    steps = page.locator("#said [data-step][type=checkbox]")
    assert steps.count() > 3
    for n in range(steps.count()):
        if steps.nth(n).is_checked():
            steps.nth(n).uncheck()
            page.wait_for_timeout(350)
    page.wait_for_function("!document.querySelector('#said-body .said-table').innerText.includes('twenty')")
    page.locator("#said > summary").click()
    assert not page.locator("#said-body").is_visible()


def test_a_mark_that_is_not_closed_is_said_beside_the_text(visit: Visit) -> None:
    page = visit(language="zh-CN")
    page.locator("#text textarea").fill("你好[strong]世界")
    page.wait_for_selector("#said-failure")
    assert "没有结束" in page.locator("#said-failure").inner_text()
    page.locator("#generate").click()
    page.wait_for_selector("#speak-failure:not([hidden])")
    assert page.locator("#text textarea").input_value() == "你好[strong]世界"


@pytest.mark.parametrize("number", [0, 1, 2])
def test_examples_work_at_once(visit: Visit, number: int) -> None:
    page = visit()
    page.locator(f"#example-{number}").click()
    page.locator("#generate").click()
    page.locator("#result .result").wait_for()


def test_empty_text_is_refused_where_the_hand_is(visit: Visit) -> None:
    page = visit(language="zh-CN")
    page.locator("#generate").click()
    page.wait_for_selector("#speak-failure:not([hidden])")
    assert re.search("[\u4e00-\u9fff]", page.locator("#speak-failure").inner_text())


def test_every_control_changes_shows_a_dot_and_is_put_back(visit: Visit) -> None:
    page = visit()
    for group in page.locator("#page-speak [data-act=group]").all():
        group.click()
    rows = page.locator("[data-control]")
    assert rows.count() >= 5
    for n in range(rows.count()):
        row = rows.nth(n)
        name = row.get_attribute("data-control")
        before = page.evaluate("Object.keys(JSON.parse(localStorage['timbre-desk'] || '{}').controls || {})")
        assert name not in before
        change(row)
        page.wait_for_function("n => n in JSON.parse(localStorage['timbre-desk']).controls", arg=name)
        row.locator(".reset").click()
        page.wait_for_function("n => !(n in JSON.parse(localStorage['timbre-desk']).controls)", arg=name)
        assert not row.locator(".reset").is_visible()
        row.locator(".control-label").click()
        assert row.locator(".control-help").is_visible()


def change(row: Any) -> None:
    """Give a control another value than it has."""
    kind = re.search(r"control-(number|integer|choice|switch|text)", row.get_attribute("class")).group(1)
    told = "e.dispatchEvent(new Event('input', {bubbles: true}))"
    if kind in ("number", "integer"):
        slider = row.locator("input[type=range]")
        slider.evaluate(f"e => {{ e.value = e.value === e.max ? e.min : e.max; {told}; }}")
    elif kind == "choice":
        next_one = "e.selectedIndex = (e.selectedIndex + 1) % e.options.length"
        row.locator("select").evaluate(f"e => {{ {next_one}; {told}; }}")
    elif kind == "switch":
        row.locator("input[type=checkbox]").click()
    else:
        row.locator("input[type=text]").fill("changed")


def test_a_changed_control_is_heard_in_the_take(visit: Visit, speak: Callable[..., None]) -> None:
    page = visit()
    speak(page, "The speed of this sentence is what we look at.")
    slow = page.locator("#player-time").inner_text()
    page.locator("[data-control=speed] input.number").fill("2")
    speak(page, "The speed of this sentence is what we look at.")
    page.wait_for_function("t => document.querySelector('#player-time').innerText !== t", arg=slow)
    page.locator("#result-recipe").click()
    facts = page.locator("dialog .facts").inner_text()
    assert re.search(r"2(\.0)? ?×", facts), facts


def test_voice_style_and_seeds(visit: Visit, speak: Callable[..., None]) -> None:
    page = visit()
    page.locator("#voice").click()
    page.locator("#picker-search").fill("2222")
    page.locator("#picker [data-ref='seed:2222']").click()
    page.wait_for_function("document.querySelector('#voice').innerText.includes('2222')")
    assert page.locator("#voiceseed").input_value() == "2222"
    page.locator("#voiceseed-dice").click()
    page.wait_for_function("document.querySelector('#voiceseed').value !== '2222'")
    page.locator("#voiceseed").fill("77")
    page.locator("#voiceseed").press("Tab")
    page.wait_for_function("document.querySelector('#voice').innerText.includes('77')")
    page.locator("#seed-dice").click()
    assert page.locator("#seed").input_value() != "0"
    page.locator("[data-control=speed] input.number").fill("1.3")
    page.locator("#style-save").click()
    page.locator("dialog input[name=name]").fill("brisk")
    page.locator("dialog button[value=save]").click()
    page.wait_for_function("document.querySelector('#style').value === 'brisk'")
    assert page.locator("[data-control=speed] input.number").input_value() == "1.3"
    speak(page, "With a style.")
    page.locator("#style").select_option("")
    assert page.locator("[data-control=speed] input.number").input_value() == "1"
    page.locator("#style").select_option("brisk")
    page.locator("#style-delete").click()
    page.wait_for_function("document.querySelector('#style').value === ''")
    page.locator("#voice").click()
    page.wait_for_selector("#picker [role=option]")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_selector("#picker", state="detached")


def test_a_wrong_seed_is_refused_with_what_is_right(visit: Visit) -> None:
    page = visit()
    page.locator("#text textarea").fill("hello")
    page.locator("#seed").fill("many")
    page.locator("#seed").press("Tab")
    page.locator("#generate").click()
    page.wait_for_selector("#speak-failure:not([hidden])")
    assert "whole number" in page.locator("#speak-failure").inner_text()


def test_keys_generate_and_stop(visit: Visit) -> None:
    page = visit()
    page.locator("#text textarea").fill("A long text. " * 500)
    page.locator("#text textarea").press("Control+Enter")
    page.wait_for_selector("#progress")
    assert "A long text" in page.locator("#running").inner_text()
    page.keyboard.press("Escape")
    page.wait_for_selector("#stop[data-idle]")
    assert page.locator("#running").is_hidden()


def test_stop_ends_the_sound(visit: Visit) -> None:
    page = visit()
    page.locator("#text textarea").fill(" ".join(f"Sentence number {n} of a long text." for n in range(270)))
    page.locator("#generate").click()
    page.wait_for_selector("#progress")
    page.locator("#stop").click()
    page.wait_for_selector("#stop[data-idle]")


def test_stop_before_the_server_has_answered_is_no_less_a_stop(visit: Visit) -> None:
    page = visit()
    page.evaluate(LISTEN)
    late: list[Any] = []
    page.route("**/gradio_api/**/predict*", lambda route: route.continue_() if late else late.append(route))
    page.locator("#text textarea").fill(" ".join(f"Sentence number {n} of a text that is late." for n in range(200)))
    page.locator("#generate").click()
    page.wait_for_selector("#progress")
    page.locator("#stop").click()
    page.wait_for_timeout(300)
    assert len(late) == 1
    late[0].continue_()
    page.wait_for_selector("#stop[data-idle]")
    assert page.evaluate("window.heard.frames") == 0


def test_without_streaming_and_without_auto_play(visit: Visit, speak: Callable[..., None]) -> None:
    page = visit()
    page.evaluate(LISTEN)
    page.locator("#stream").uncheck()
    page.locator("#autoplay").uncheck()
    speak(page, "Quiet until asked.")
    assert page.evaluate("window.heard.frames") == 0
    assert page.locator("#player-play").get_attribute("data-on") in (None, "false")
    page.locator("#player-play").click()
    page.wait_for_selector("#player-play[data-on=true]")


def test_polish_is_in_the_recipe(visit: Visit, speak: Callable[..., None]) -> None:
    page = visit()
    names = page.locator("#polish option").evaluate_all("all => all.map(o => [o.value, o.textContent])")
    assert len(names) > 1
    page.locator("#polish").select_option(names[1][0])
    speak(page, "Polished, please.")
    page.locator("#result-recipe").click()
    assert names[1][1] in page.locator("dialog .facts").inner_text()


def test_keep_take_and_voice_and_load_the_recipe(visit: Visit, speak: Callable[..., None]) -> None:
    page = visit()
    page.locator("#voiceseed").fill("31")
    page.locator("#voiceseed").press("Tab")
    page.wait_for_function("document.querySelector('#voice').innerText.includes('31')")
    speak(page, "Load me again later.")
    page.locator("#save-take").click()
    page.wait_for_selector("#save-take[aria-pressed=true]")
    page.locator("#save-voice").click()
    page.locator("dialog input[name=name]").fill("Thirty-one")
    page.locator("dialog button[value=save]").click()
    page.locator(".notice .link").click()
    page.wait_for_selector("#page-voices .voice-card")
    assert "Thirty-one" in page.locator("#voice-wall").inner_text()
    page.locator("#nav-speak").click()
    page.locator("#text textarea").fill("something else")
    page.locator("#voiceseed").fill("")
    page.locator("#voiceseed").press("Tab")
    page.locator("#player-recipe").click()
    page.locator("dialog button[value=load]").click()
    page.wait_for_function("document.querySelector('#text textarea').value === 'Load me again later.'")
    assert page.locator("#voiceseed").input_value() == "31"
