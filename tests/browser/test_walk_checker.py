"""The checker of the walk on pages with one fault each, and on one without: it can fail."""

from typing import Any

from .walking import READERS, Walk

WRONG = {  # what stands on a page that is otherwise good -> what is said of it, in Chinese and in English
    '<button type="button"><svg width="30" height="30"></svg></button>': ("no name", "no name"),
    '<button type="button">voice.hear</button>': ("a string key", "a string key"),
    '<button type="button" title="undefined">确定 OK</button>': ("broken text", "broken text"),
    '<p>[object Object]</p>': ("broken text", "broken text"),
    '<p>{n:line|lines}</p>': ("broken text", "broken text"),
    '<button type="button">Delete</button>': ("English in Chinese", ""),
    '<button type="button">删除</button>': ("", "Chinese in English"),
    '<button type="button" aria-label="WAV">WAV：MP3</button>': ("", "Chinese in English"),
    '<select aria-label="1"><option>Any</option></select>': ("option “Any”: English in Chinese", ""),
    '<select aria-label="1"><option></option></select>': ("option “”: empty", "option “”: empty"),
    '<input style="height: 30px" aria-label="1" placeholder="type a name here">': ("placeholder", ""),
    '<img alt="图" width="9" height="9">': ("", "alt “图”"),
    '<p>这是 an English sentence of five words</p>': ("English in Chinese", "Chinese in English"),
    '<button type="button" aria-label="1" tabindex="-1">1</button>': ("not reached by keyboard",) * 2,
    '<button type="button" style="min-height:0;padding:0;border:0;height:20px;width:40px">1</button>':
        ("40×20 px",) * 2,
    '<input type="checkbox" aria-label="1">': ("13×13 px",) * 2,
    '<button type="button" style="position:fixed;left:-30px;width:60px">1</button>': ("sticks out of the page",) * 2,
    '<div class="card" style="width:99px"><button style="width:120px">1</button></div>': (
        "its card",
        "its card",
    ),
    '<input type="file" aria-label="1" style="height:30px">': ("the browser's words",) * 2,
    '<div style="width:5000px">1</div>': ("scrolls sideways",) * 2,
}  # fmt: skip
GOOD = """<meta charset="utf-8">
<style>button, select, label { min-height: 26px; min-width: 26px; display: inline-block }</style>
<script>window.TIMBRE = {words: {'voice.hear': 'Hear'}}</script>
<label>WAV <input type="checkbox"></label> <p>1 <a href="#">2</a></p> <p>Zoti zora zoli, zo</p>
<div role="toolbar"><button type="button">1</button><button type="button" tabindex="-1">2</button></div>"""


@READERS
def test_the_checker_finds_each_kind_of_fault(chromium: Any, language: str, width: int) -> None:
    page = chromium.new_page(viewport={"width": width, "height": 844})
    for markup, said in ({"": ("", "")} | WRONG).items():
        page.set_content(GOOD + markup)
        walk = Walk(page, language)
        walk.look("here")
        expected = said[0 if language == "zh-CN" else 1]
        if expected:
            assert [line for line in walk.found if expected in line], (markup, walk.found)
        else:
            assert walk.found == {}, markup
    page.close()
