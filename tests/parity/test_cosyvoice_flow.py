"""CosyVoice's flow: encoders, estimators, Euler steps, streamed chunks, windows, against the reference."""

import pytest
import torch
from torch import Tensor

from studio.engines.cosyvoice.flow import CausalFlow, FirstFlow, Noise, Prompt, SecondFlow, ThirdFlow, moments
from studio.engines.cosyvoice.unet import Estimator, Grouped
from studio.nn.causal import chunks

from .cosyvoice_cases import Case, case, known, of_stage, tiny


def prompt(one: Case) -> Prompt:
    return Prompt(one.row("in.prompt_token"), one.row("in.prompt_feat"), one.row("in.embedding"))


def compare_steps(one: Case, seen: list[Tensor], flow: CausalFlow | FirstFlow) -> None:
    """Each state that entered a step, and the moments."""
    if "mid.x_steps" not in one.facts["tensors"]:
        return
    one.compare("mid.x_steps", torch.stack([x[0].T for x in seen]))
    if "mid.t_steps" in one.facts["tensors"]:
        span, time, times = moments(10), torch.tensor(0.0), []
        step = span[1] - span[0]
        for at in range(1, 11):
            times.append(time)
            time = time + step
            step = span[min(at + 1, 10)] - time
        one.compare("mid.t_steps", torch.stack(times), 1e-6)
    who = flow.who(one.row("in.embedding"))
    one.compare("mid.spks", who)
    mu, wanted = one.row("mid.mu").T, one.tensor("mid.v_steps")
    cond = torch.zeros_like(mu)
    cond[: len(one.row("in.prompt_feat"))] = one.row("in.prompt_feat")
    for x, time, both in zip(seen, one.tensor("mid.t_steps"), wanted, strict=True):
        nothing = torch.zeros_like(mu)
        ours = flow.decoder.estimator(  # type: ignore[union-attr, operator]
            x.expand(2, -1, -1), torch.stack([mu, nothing]), time.expand(2),
            torch.stack([who, torch.zeros_like(who)]), torch.stack([cond, nothing]),
        )  # fmt: skip
        torch.testing.assert_close(ours.transpose(1, 2), both, atol=one.facts["atol"], rtol=0)


@pytest.mark.parametrize(("part", "id"), of_stage("flow", parts=("v2", "v3")))
def test_cosyvoice_causal_flow(part: str, id: str) -> None:
    one, flow = case(part, id), tiny(part).flow
    assert isinstance(flow, CausalFlow)
    params, seen = one.params, []
    mel = flow.whole(
        one.row("in.token"), prompt(one), chunked=params["streaming"], more=not params["finalize"], look=seen.append
    )
    one.compare("out.mel", mel.T)
    joined = torch.cat([one.row("in.prompt_token"), one.row("in.token")])
    cut = len(joined) - (0 if params["finalize"] else flow.sizes.ahead)
    one.compare("mid.mu", flow.means(joined[:cut], joined[cut:], params["streaming"])[0].T)
    if "mid.z" in one.facts["tensors"]:
        one.compare("mid.z", flow.noise(one.tensor("mid.z").shape[-1]).T)
    compare_steps(one, seen, flow)


@pytest.mark.parametrize(("part", "id"), of_stage("flow", parts=("v1",)))
def test_cosyvoice_first_flow(part: str, id: str) -> None:
    one, flow = case(part, id), tiny(part).flow
    assert isinstance(flow, FirstFlow)
    cache = one.row("in.flow_cache")  # (80, frames, 2)
    tail = (cache[..., 0].T, cache[..., 1].T) if cache.shape[1] else None
    seen: list[Tensor] = []
    generator = torch.Generator().manual_seed(one.params["torch_manual_seed"])
    mel, handed = flow.window(one.row("in.token"), prompt(one), generator, tail, look=seen.append)
    one.compare("out.mel", mel.T)
    one.compare("out.flow_cache", torch.stack([one_.T for one_ in handed], -1))
    if "mid.z_after_cache" in one.facts["tensors"]:
        one.compare("mid.z_after_cache", seen[0][0].T)
    compare_steps(one, seen, flow)


@pytest.mark.parametrize(("part", "id"), of_stage("flow.encoder", parts=("v2",)))
def test_cosyvoice_flow_encoder(part: str, id: str) -> None:
    one, flow = case(part, id), tiny(part).flow
    assert isinstance(flow, SecondFlow)
    sounds = one.row("in.token")
    cut = len(sounds) - (flow.sizes.ahead if one.params["context"] else 0)
    body, ahead = flow.embedded(sounds[:cut]), flow.embedded(sounds[cut:])
    one.compare("out.h", flow.encoder(body, ahead, one.params["streaming"]))


@pytest.mark.parametrize(("part", "id"), of_stage("flow.estimator"))
def test_cosyvoice_estimator(part: str, id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Norms of the first generation's published code count padding in. Ours do not, but for this comparison."""
    norm = Grouped.forward
    monkeypatch.setattr(Grouped, "forward", lambda self, x, real=None: norm(self, x))
    one, flow = case(part, id), tiny(part).flow
    estimator = flow.decoder.estimator
    assert isinstance(estimator, Estimator)
    given = [one.tensor(f"in.{name}") for name in ("x", "mu", "t", "spks", "cond")]
    given = [given[0].mT, given[1].mT, given[2], given[3], given[4].mT]
    real = one.tensor("in.mask")[:, 0] > 0 if "in.mask" in one.facts["tensors"] else None
    frames = given[0].shape[1]
    for name in one.names("out."):
        chunked = flow.sizes.chunk * flow.sizes.frames if name == "out.v_streaming" else 0
        seen = chunks(0, frames, chunked, given[0].device) if chunked else None
        one.compare(name, estimator(*given, seen, real).mT)
    if part == "v3":
        one.compare("mid.time_embed", estimator.time_embed(given[2]))  # type: ignore[operator]


def test_cosyvoice_look_ahead() -> None:
    one, flow = case("v3", "flow_pre_lookahead"), tiny("v3").flow
    assert isinstance(flow, ThirdFlow)
    x, layer = one.tensor("in.x"), flow.pre_lookahead_layer
    one.compare("out.final", layer(x, x[:, :0]))
    one.compare("out.with_context", layer(x[:, :-3], x[:, -3:]))


@pytest.mark.parametrize(("part", "id"), of_stage("flow.length_regulator", parts=("v1",)))
def test_cosyvoice_length_regulator(part: str, id: str) -> None:
    one, flow = case(part, id), tiny(part).flow
    assert isinstance(flow, FirstFlow)
    before = one.row("in.x1") if "in.x1" in one.facts["tensors"] else torch.zeros(0, 80)
    ours = flow.length_regulator(
        before, one.row("in.x2"), one.params["mel_len1"], one.params["mel_len2"], flow.frames(20)
    )
    one.compare("out.y", ours)


def test_cosyvoice_lengths() -> None:
    one = case("v1", "flow_lengths")
    flow = tiny("v1").flow
    assert isinstance(flow, FirstFlow)
    for row in one.values:
        assert int(row["tokens"] / row["rate"] * 22050 / 256) == row["frames"]
        if row["rate"] == flow.sizes.rate:
            assert flow.frames(row["tokens"]) == row["frames"]


def test_cosyvoice_noise() -> None:
    one, noise = case("v2", "flow_rand_noise"), Noise()
    frames = noise(15_000)
    assert torch.equal(frames[:64, 0], one.tensor("out.first_64_frames_of_channel_0"))
    assert torch.equal(frames[-8:, 79], one.tensor("out.last_8_frames_of_channel_79"))
    assert torch.equal(frames[0], one.tensor("out.frame_0_all_channels"))
    assert torch.equal(noise(20_000)[:15_000], frames)


def test_cosyvoice_moments_and_masks() -> None:
    case("common", "t_span").compare("out.t_span", moments(10))
    one = case("common", "chunk_mask")
    for name in one.names("out."):
        wanted = one.tensor(name)
        size = int(name.rpartition("chunk")[2])
        assert torch.equal(chunks(0, len(wanted), size, wanted.device), wanted.bool())


@pytest.mark.parametrize("part", ["v2", "v3"])
def test_cosyvoice_a_stream_is_the_whole(part: str) -> None:
    one, flow = case(part, "flow_streaming_final"), tiny(part).flow
    assert isinstance(flow, CausalFlow)
    sounds, own = one.row("in.token").repeat(3)[:107], prompt(one)
    whole = flow.whole(sounds, own, chunked=True)
    other = flow.stream(
        Prompt(own.sounds[:10], own.mel[:20], own.speaker), left=None
    )  # runs between the pieces of the first
    stream, parts, at = flow.stream(own, left=None), [], 0
    while at < len(sounds):
        count = min(stream.first if not at else flow.sizes.chunk, len(sounds) - at)
        last = at + count + flow.sizes.ahead > len(sounds)
        end = len(sounds) if last else at + count
        parts.append(stream.piece(sounds[at:end], sounds[end : end + flow.sizes.ahead]))
        if at == 0:
            other.piece(sounds[: other.first], sounds[other.first : other.first + 3])
        at = end
    assert len(parts) > 1
    torch.testing.assert_close(torch.cat(parts), whole, atol=2e-5, rtol=0)


@pytest.mark.parametrize("part", ["v1", "v2", "v3"])
def test_cosyvoice_lines_together_are_as_alone(part: str) -> None:
    """Of odd and even lengths, and padded beyond the longest."""
    flow = tiny(part).flow
    cases = [one for one in known(part).values() if one.facts["stage"] == "flow" and one.params.get("finalize", True)]
    if not cases:
        pytest.skip(f"no cases of {part}")
    lines = [
        flow.lay(one.row("in.token"), prompt(one), torch.Generator().manual_seed(at)) for at, one in enumerate(cases)
    ]
    alone = [flow.rendered([line])[0] for line in lines]
    longest = max(len(line.mu) for line in lines)
    for frames in (0, longest + 1, longest + 2):
        for together, own in zip(flow.rendered(lines, frames=frames), alone, strict=True):
            torch.testing.assert_close(together, own, atol=1e-5, rtol=0)


@pytest.mark.parametrize("part", ["v2", "v3"])
def test_cosyvoice_a_stream_keeps_no_more_than_it_looks_at(part: str) -> None:
    one, flow = case(part, "flow_streaming_final"), tiny(part).flow
    assert isinstance(flow, CausalFlow)
    sounds, own = one.row("in.token").repeat(12), prompt(one)
    short, long = flow.stream(own, left=100), flow.stream(own, left=None)
    at, apart = 0, []
    for count in (short.first, *(25,) * 16):
        ahead = sounds[at + count : at + count + 3]
        pieces = [stream.piece(sounds[at : at + count], ahead) for stream in (short, long)]
        apart.append(float((pieces[0] - pieces[1]).abs().max()))
        at += count
    assert apart[:2] == pytest.approx([0, 0], abs=2e-5)  # while everything is still looked at
    assert max(apart) > 1e-5
    sizes = {
        kept[0].shape[-2]
        for past in short._pasts
        for kept in past._kept.values()
        if isinstance(kept, tuple)
    }  # fmt: skip
    assert sizes == {len(own.mel) + 100}
