"""Write the tables of the documents from the declarations: `python tools/reference.py`.

Between `<!-- begin NAME LANGUAGE -->` and `<!-- end NAME LANGUAGE -->` a document holds what the code declares. A test
compares the two, so a control, a mark or an option cannot change without its line in the guide.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
DOCUMENTS = ("docs/guide.en.md", "docs/guide.zh.md", "docs/formats.md")
BLOCK = re.compile(r"(<!-- begin (\w+) (en|zh) -->\n).*?(<!-- end \2 \3 -->)", re.DOTALL)


def table(headers: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table; bars inside cells are escaped."""
    lines = [list(headers), ["---"] * len(headers), *([str(cell) for cell in row] for row in rows)]
    cells = [[" ".join(cell.split()).replace("|", "\\|") for cell in line] for line in lines]
    return "".join("| " + " | ".join(line) + " |\n" for line in cells)


def code(text: object) -> str:
    return f"`{text}`" if text not in ("", None) else ""


def marks(language: str, say: Callable[[str, str], str]) -> str:
    from studio.text.declarations import MARKS

    rows = [
        (say(*mark.label), code(mark.syntax.replace(" · ", "` · `")), say(*mark.help), _support(mark.name, say))
        for mark in MARKS
    ]
    heads = ("Mark", "标记"), ("Written", "写法"), ("What one hears", "听到什么"), ("Embedded engine", "内置引擎")
    return table([say(*head) for head in heads], rows)


def _support(mark: str, say: Callable[[str, str], str]) -> str:
    """What the embedded engine makes of a mark."""
    if mark == "pause":  # the studio's own business
        return say("yes", "支持")
    from studio.engines.registry import Registry

    found = Registry().get("espeak").spec.marks.get(mark)
    words = {
        "honoured": say("yes", "支持"), "approximated": say("nearly", "近似"), "ignored": say("no", "不支持")
    }  # fmt: skip
    note = say(*found.note) if found else ""
    return words[found.how.value if found else "ignored"] + (say(": ", "：") + note if note else "")


def steps(language: str, say: Callable[[str, str], str]) -> str:
    from studio.text.normalise import STEPS

    rows = [(say(*step.label), say(*step.help)) for step in STEPS]
    return table([say("Step", "步骤"), say("What it does", "作用")], rows)


def controls(language: str, say: Callable[[str, str], str]) -> str:
    from studio.engines.registry import Registry

    rows = [
        (code(c.name), say(*c.label), _span(c.span(language), c.unit, language), code(c.default), say(*c.help))
        for c in Registry().get("espeak").spec.controls
    ]
    heads = (
        ("Name", "名称"),
        ("Label", "页面上"),
        ("Takes", "范围"),
        ("Default", "默认"),
        ("What one hears", "听到什么"),
    )
    return table([say(*head) for head in heads], rows)


def _span(span: str, unit: str, language: str) -> str:
    """A control's range with its unit in the reader's language, as the page has it."""
    from studio.ui.strings import STRINGS

    words = STRINGS.get(f"unit.{unit}")
    return (span.replace(unit, words.text(language)) if unit and words else span).strip()


def polish(language: str, say: Callable[[str, str], str]) -> str:
    from studio.audio.polish import PRESETS

    rows = [(code(preset.id), say(*preset.label), say(*preset.about)) for preset in PRESETS]
    return table([say("Name", "名称"), say("Label", "页面上"), say("For", "用途")], rows)


def formats(language: str, say: Callable[[str, str], str]) -> str:
    from studio.audio.formats import FORMATS

    rows = [(" ".join(map(code, f.extensions)), say(*f.label), say(*f.note), _rate(f, say)) for f in FORMATS]
    heads = ("File", "文件"), ("Format", "格式"), ("When", "何时用"), ("Bit rate", "码率")
    return table([say(*head) for head in heads], rows)


def _rate(format: object, say: Callable[[str, str], str]) -> str:
    rate = getattr(format, "bitrate", None)
    return f"{rate // 1000} kbit/s" if rate else say("exact", "无损")


def commands(language: str, say: Callable[[str, str], str]) -> str:
    import click

    from studio.cli.main import timbre

    context = click.Context(timbre, info_name="python -m studio")
    lines = [f"**{say('Before the command', '全局选项')}**\n\n{_options(timbre, say)}"]

    def walk(group: click.Group, path: str) -> None:
        for name in group.list_commands(context):
            command = group.get_command(context, name)
            assert command is not None
            words = " ".join(p.make_metavar(context) for p in command.params if isinstance(p, click.Argument))
            lines.append(f"**`{f'{path}{name} {words}'.strip()}`** — {(command.help or '').rstrip('.。')}\n")
            if options := _options(command, say):
                lines.append(options)
            if isinstance(command, click.Group):
                walk(command, f"{path}{name} ")

    walk(timbre, "")
    return "\n".join(lines)


def _options(command: object, say: Callable[[str, str], str]) -> str:
    import click

    assert isinstance(command, click.Command)
    found = [p for p in command.params if isinstance(p, click.Option) and not p.hidden]
    rows = [(" ".join(map(code, (*p.opts, *p.secondary_opts))), _meaning(p, say)) for p in found]
    return table([say("Option", "选项"), say("Meaning", "含义")], rows) if rows else ""


def _meaning(option: object, say: Callable[[str, str], str]) -> str:
    """An option's help, with what it takes where that is a list or a number with a default."""
    import click

    assert isinstance(option, click.Option)
    assert option.help, f"{option.opts}: no help"
    more = ""
    if isinstance(option.type, click.Choice):
        more = say(" One of ", "可选 ") + say(", ", "、").join(map(code, option.type.choices)) + say(".", "。")
    elif isinstance(option.type, click.types.IntRange) and isinstance(option.default, int):
        more = say(f" Default {option.default}.", f"默认 {option.default}。")
    return option.help + more


def exits(language: str, say: Callable[[str, str], str]) -> str:
    rows = [
        (0, say("done", "完成")),
        (1, say("failed; `doctor` found a problem", "失败；`doctor` 发现问题")),
        (2, say("bad input or usage: the message says what would be right", "输入或用法有误，提示里写明怎样才对")),
        (3, say("something is not installed", "有东西尚未安装")),
        (4, say("the engine failed", "引擎出错")),
        (
            5,
            say(
                "storage: disk full, not writable, in use, made by a newer version",
                "存储问题：磁盘满、不可写、被占用、来自更新的版本",
            ),
        ),
        (130, say("stopped with Ctrl-C", "被 Ctrl-C 中止")),
    ]
    return table([say("Exit code", "退出码"), say("Meaning", "含义")], rows)


def settings(language: str, say: Callable[[str, str], str]) -> str:
    from studio.ui.options import HELP, parser

    rows = []
    for action in parser(language)._actions:
        if action.dest in HELP:
            options = " ".join(code(option) for option in action.option_strings)
            rows.append((options, code(f"TIMBRE_{action.dest.upper()}"), say(*HELP[action.dest])))
    return table([say("Option", "选项"), say("Variable", "环境变量"), say("Meaning", "含义")], rows)


BLOCKS = {
    "marks": marks, "steps": steps, "controls": controls, "polish": polish, "formats": formats,
    "commands": commands, "exits": exits, "settings": settings,
}  # fmt: skip


def blocks(language: str) -> dict[str, str]:
    """Every table in one language. The command line fixes its language when it is imported: a process each."""
    environment = {**os.environ, "TIMBRE_LANGUAGE": language}
    command = [sys.executable, __file__, "--print", language]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, cwd=ROOT)
    return dict(json.loads(done.stdout))


def filled(document: str, made: dict[str, dict[str, str]]) -> str:
    """The text of a document with its blocks as the code declares them today."""
    text = (ROOT / document).read_text("utf-8")
    return BLOCK.sub(lambda found: f"{found[1]}{made[found[3]][found[2]]}{found[4]}", text)


def main(arguments: list[str]) -> None:
    if arguments[:1] == ["--print"]:
        language = arguments[1]
        print(
            json.dumps(
                {name: make(language, lambda en, zh: zh if language == "zh" else en) for name, make in BLOCKS.items()}
            )
        )
        return
    made = {language: blocks(language) for language in ("en", "zh")}
    for document in DOCUMENTS:
        (ROOT / document).write_text(filled(document, made), "utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
