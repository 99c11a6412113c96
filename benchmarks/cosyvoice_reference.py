"""The published CosyVoice code on one checkpoint, stage by stage. Run by `cosyvoice.py` in an environment of its own.

    PYTHON cosyvoice_reference.py CODE CHECKPOINT

`CODE` holds the packages `cosyvoice` and `matcha` as published. Prints the numbers as JSON.
"""

import contextlib
import json
import resource
import sys
import time
from functools import partial
from importlib import import_module
from pathlib import Path

import torch
from cosyvoice_work import NEW, PROMPT_FRAMES, PROMPT_SOUNDS, SOUNDS, TEXT, best

READER, TEXT_MODELS = "hyperpyyaml", "transformers"  # imported by name: the studio does not stand on them
sys.path.insert(0, sys.argv[1])


def main(root: Path) -> None:
    reader, models = import_module(READER), import_module(TEXT_MODELS)
    load_hyperpyyaml, Qwen2ForCausalLM = reader.load_hyperpyyaml, models.Qwen2ForCausalLM  # noqa: N806  # a class
    torch.set_num_threads(2)
    torch.set_grad_enabled(False)
    start = time.perf_counter()
    config = json.loads((root / "CosyVoice-BlankEN" / "config.json").read_text())
    Qwen2ForCausalLM.from_pretrained = classmethod(lambda cls, path: cls(models.Qwen2Config(**config)))
    text = (root / "cosyvoice2.yaml").read_text().split("get_tokenizer")[0]
    built = load_hyperpyyaml(text)
    llm, flow, hift = (built[name] for name in ("llm", "flow", "hift"))
    for name, module in (("llm", llm), ("flow", flow), ("hift", hift)):
        module.load_state_dict(torch.load(root / f"{name}.pt", map_location="cpu", weights_only=True), strict=True)
        module.eval()
    found = {"load_s": time.perf_counter() - start}
    found["loading_mib"] = peak()

    llm.sampling = partial(llm.sampling)
    seconds, tokens = [], 0
    for _ in range(2):
        times = []
        gen = llm.inference(
            text=torch.arange(TEXT)[None], text_len=torch.tensor([TEXT]), prompt_text=torch.arange(10)[None],
            prompt_text_len=torch.tensor([10]), prompt_speech_token=torch.arange(PROMPT_SOUNDS)[None] % 300,
            prompt_speech_token_len=torch.tensor([PROMPT_SOUNDS]), embedding=torch.zeros(1, 192),
            min_token_text_ratio=NEW / TEXT, max_token_text_ratio=NEW / TEXT,
        )  # fmt: skip
        with contextlib.suppress(Exception):  # an id that stops may come early with random weights
            times.extend(time.perf_counter() for _ in gen)
        seconds.append((times[-1] - times[0]) / max(1, len(times) - 1))
        tokens = len(times)
    found["tokens_per_s"], found["tokens"] = 1 / min(seconds), tokens
    generator = torch.Generator().manual_seed(0)
    sounds = torch.randint(0, 4096, (1, SOUNDS), generator=generator)
    prompt = torch.randint(0, 4096, (1, PROMPT_SOUNDS), generator=generator)
    mel_prompt = torch.randn(1, PROMPT_FRAMES, 80, generator=generator)
    speaker = torch.randn(1, 192, generator=generator)

    def render():  # type: ignore[no-untyped-def]
        return flow.inference(
            token=sounds, token_len=torch.tensor([SOUNDS]), prompt_token=prompt,
            prompt_token_len=torch.tensor([PROMPT_SOUNDS]), prompt_feat=mel_prompt,
            prompt_feat_len=torch.tensor([PROMPT_FRAMES]), embedding=speaker, streaming=False, finalize=True,
        )[0]  # fmt: skip

    mel = render()
    found["flow_s"] = best(render, 2)
    found["hift_s"] = best(lambda: hift.inference(speech_feat=mel), 2)
    found["peak_mib"] = peak()
    print(json.dumps(found))


def peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main(Path(sys.argv[2]))
