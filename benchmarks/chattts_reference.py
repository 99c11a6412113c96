"""The package ChatTTS, measured as `chattts.py` measures ours; run by a Python that has it, never by the studio's.

python chattts_reference.py CHECKPOINT TOKENIZER
"""

import json
import sys
import time
from dataclasses import asdict
from importlib import import_module
from pathlib import Path

from machine import best, peak

PACKAGE = "ChatTTS"  # imported by name: the studio does not stand on it
PROMPT, NEW, RUNS = 40, 128, 3
TEN_SECONDS, FIVE_SECONDS = 470, 235  # code frames
MIXED = (64, 76, 84, 92, 100, 108, 116, 128)  # a row that has ended goes on being computed until the last one ends
STREAM_BATCH = 24  # frames after which its stream decodes all that there is, from the start


def main(checkpoint: Path, tokenizer: Path) -> None:
    began = time.perf_counter()
    torch = import_module("torch")
    package = import_module(PACKAGE)
    gen_logits = import_module(f"{PACKAGE}.model").gen_logits
    import_s = time.perf_counter() - began
    torch.set_num_threads(2)
    before = peak()
    began = time.perf_counter()
    chat = package.Chat()
    paths = {name: str(checkpoint / place) for name, place in asdict(chat.config.path).items()}
    assert chat._load(device=torch.device("cpu"), **{**paths, "tokenizer_path": str(tokenizer)})
    load_s = time.perf_counter() - began

    def draw(rows, frames):  # type: ignore[no-untyped-def]
        ids = torch.randint(100, 20000, (rows, PROMPT))[..., None].expand(-1, -1, 4).contiguous()
        mask = torch.ones(rows, PROMPT, dtype=torch.long)
        with torch.no_grad():
            warpers, processors = gen_logits(num_code=625, top_P=0.7, top_K=20, repetition_penalty=1.05)
            list(
                chat.gpt.generate(
                    chat.embed(ids, mask.bool()),
                    ids,
                    temperature=torch.full((4,), 0.3),
                    eos_token=625,
                    attention_mask=mask,
                    max_new_token=frames,
                    min_new_token=frames,
                    logits_processors=(*processors, *warpers),
                    infer_text=False,
                    return_hidden=True,
                    show_tqdm=False,
                )
            )

    hidden = torch.randn(1, 768, TEN_SECONDS)

    def decode(known=TEN_SECONDS):  # type: ignore[no-untyped-def]
        with torch.inference_mode():
            chat.vocos.decode(chat.decoder(hidden[:, :, :known].clone()))

    prefixes = [*range(STREAM_BATCH, TEN_SECONDS, STREAM_BATCH), TEN_SECONDS]

    first: list[float] = []

    def speak(stream):  # type: ignore[no-untyped-def]
        ask = chat.InferCodeParams(show_tqdm=False, max_new_token=FIVE_SECONDS, min_new_token=FIVE_SECONDS)
        began = time.perf_counter()
        options = {"skip_refine_text": True, "split_text": False, "do_text_normalization": False}
        made = chat.infer(
            ["今天天气真不错"], stream=stream, params_infer_code=ask, do_homophone_replacement=False, **options
        )
        for number, _ in enumerate(made if stream else [made]):
            if stream and not number:
                first.append(time.perf_counter() - began)

    decode(), draw(1, 4)
    rows = {
        "import_s": import_s,
        "load_s": load_s,
        "frames_s_rows1": NEW / best(lambda: draw(1, NEW)),
        "frames_s_rows8": 8 * NEW / best(lambda: draw(8, NEW), 2),
        "frames_s_mixed8": sum(MIXED) / best(lambda: draw(len(MIXED), max(MIXED)), 2),
        "decode_10s_s": best(decode),
        "decode_10s_streamed_s": best(lambda: [decode(known) for known in prefixes]),
        "decoded_of_10s_streamed": sum(prefixes),
        "whole_5s_s": best(lambda: speak(False), 2),
        "streamed_5s_s": best(lambda: speak(True), 2),
        "first_sound_s": min(first),
        "peak_mib": peak(),
        "before_mib": before,
    }
    print("RESULT " + json.dumps(rows))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
