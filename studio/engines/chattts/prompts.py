"""What stands around a text: the prompts that ask for refined text or for speech."""

REMOVED = ("[Stts]", "[spk_emb]", "[empty_spk]")  # only we may say where these stand
DEFAULT = "[speed_5]"


def code_prompt(text: str, *, speaker: bool, prompt: str = DEFAULT, sample_text: str = "") -> str:
    """Asks for speech. `speaker`: an embedding takes the place of its token; `sample_text` is said in the sample."""
    for token in REMOVED:
        text = text.replace(token, "")
    who = "[spk_emb]" if speaker else "[empty_spk]"
    return f"[Stts]{who}{sample_text}{prompt}{text.strip()}[Ptts]"


def refine_prompt(text: str, prompt: str = "") -> str:
    """Asks for the text with pauses, laughter and fillers; `prompt` says how much of each."""
    return f"[Sbreak]{text}[Pbreak]{prompt}"
