"""What every page is made of: a component drawn by a script of ours, with functions that the script may ask."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from studio.ui.reader import answers

if TYPE_CHECKING:
    import gradio as gr

Question = Callable[[dict[str, Any], str], Any]  # (what is asked, language) -> plain data


def component(name: str, questions: list[Question] | None = None, value: Any = None, **more: Any) -> "gr.HTML":
    """A Gradio component that `static/{name}.js` draws. Its `value` is whatever the script keeps in `props.value`.

    `questions` are the functions of the server that the script may call; they check what they are given, because
    anyone who may open the page may call them with anything.
    """
    import gradio as gr

    asked = [question.__name__ for question in questions or []]
    if twice := {one for one in asked if asked.count(one) > 1}:  # one of the two would never be answered
        raise ValueError(f"{name}: two questions are called {', '.join(sorted(twice))}")
    return gr.HTML(
        value=value,
        html_template=f'<div class="part part-{name}"></div>',
        js_on_load=f'window.Timbre.mount("{name}", {{element, trigger, props, server, watch}});',
        apply_default_css=False,
        elem_id=f"part-{name}",
        server_functions=[answers(question) for question in questions or []],
        **more,
    )
