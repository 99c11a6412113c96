"""The pages as Gradio Blocks. All are there from the start; which one is shown is a matter of the frame's script."""

from typing import TYPE_CHECKING

from studio.ui.strings import STRINGS

if TYPE_CHECKING:
    import gradio as gr

    from studio.studio import Studio


def words_of_gradio() -> "gr.I18n":
    """Our words for Gradio's own components. The page's first script says which of the two locales holds."""
    import gradio as gr

    english = {key: words.en for key, words in STRINGS.items()}
    chinese = {key: words.zh for key, words in STRINGS.items()}
    return gr.I18n(en=english, **{"zh-CN": chinese})


def blocks(studio: "Studio", local: bool = False) -> "gr.Blocks":
    """Everything a person sees, wired to `studio`. `local`: it is served to this machine alone, without a login."""
    import gradio as gr

    from studio.ui.pages import (
        batch,
        cloning,
        models,
        productions,
        script,
        settings,
        speak,
        subtitles,
        takes,
        transcribe,
        voices,
    )

    with gr.Blocks(
        title="Timbre Studio", analytics_enabled=False, fill_width=True, delete_cache=(3600, 24 * 3600)
    ) as demo:
        for page in (speak, voices, productions, subtitles, batch, transcribe, takes, models, settings):
            with gr.Column(elem_id=f"page-{page.__name__.rpartition('.')[2]}", elem_classes=["page"]):
                if page is voices:  # a voice is cloned on the same page
                    cloning.build(studio)
                batch.build(studio, local) if page is batch else page.build(studio)
                if page is productions:  # an opened production stands on the same page
                    script.build(studio)
    made: gr.Blocks = demo
    return made
