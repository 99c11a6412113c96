"""A decoder in ONNX Runtime: the layers of `decoder.Decoder`, on a CPU in two thirds of the time.

A step of one sequence is hundreds of small operations, between which PyTorch spends as long as in them, and its
products of few rows read weights at half the speed of the memory. Here a step is four calls. Measured on two cores of
an Intel Xeon (a step of ChatTTS, one row, see `benchmarks/`): fp32 43 -> 30 ms, int8 21 -> 14 ms.

fp32 is exact. int8 holds weights as whole numbers with one scale for up to `BLOCK` neighbours, and its inputs become
whole numbers in the same blocks on the way. A sequence has the same bits alone and beside others: in int8 rows are
computed in pairs, as ONNX Runtime gives a single row to another kernel.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from studio.nn.cache import DecoderConfig, SharedCache, turns
from studio.nn.linear import Precision
from studio.nn.loading import give_back
from studio.nn.quantising import whole_numbers

if TYPE_CHECKING:
    from onnx import NodeProto, TensorProto
    from onnxruntime import InferenceSession

Packed = Callable[[Tensor], None]

COMPILED: tuple[Precision, ...] = ("fp32", "int8")
OWN = "com.microsoft"  # operators of ONNX Runtime itself, described in its docs/ContribOperators.md
STANDARD = {"Add", "Gemm", "Identity", "Mul", "Reshape", "SimplifiedLayerNormalization"}
OPERATORS, FORMAT = 21, 10  # versions of the standard operators and of the file that ONNX Runtime 1.22 knows
TOGETHER = 5  # layers of a session: while it is made, it holds their weights twice
BLOCK, LEAST_BLOCK = 256, 16  # weights that share a scale
ZERO = 128  # the whole number that stands for 0
SMALLEST = 1e-12  # of a block's largest weight: nothing is divided by zero
WHOLE_INPUTS = 4  # the level of accuracy at which inputs are whole numbers
HEAD_STEP = 16  # sizes of heads that its attention turns are multiples of it
FLOAT, BYTE, INT32, INT64 = 1, 2, 6, 7  # types, as ONNX numbers them


class CompiledDecoder:
    """Embeddings in, hidden states after the last norm out."""

    @staticmethod
    def takes(config: DecoderConfig, precision: Precision) -> bool:
        """Whether ONNX Runtime computes a decoder of these sizes, on a CPU."""
        return precision in COMPILED and config.head_dim % HEAD_STEP == 0

    def __init__(
        self,
        config: DecoderConfig,
        layers: Sequence[Mapping[str, Tensor]],
        norm: Tensor,
        precision: Precision,
        packed: Packed,
    ) -> None:
        """Weights by their keys in a published layer, and the last norm's; `packed` is told those not needed any more.

        It is put together beside what else is loaded, and waited for when it is first used.
        """
        self._pairs = whole = precision == "int8"
        groups = [layers[first : first + TOGETHER] for first in range(0, len(layers), TOGETHER)]
        threads = torch.get_num_threads()

        def written(number: int) -> _Graph:
            graph = _Graph(config, whole, packed)
            graph.write(groups[number], norm if number == len(groups) - 1 else None)
            return graph

        def made() -> list[_Part]:
            """One is written while the one before it is put together: more at once would hold more weights twice."""
            parts = []
            with ThreadPoolExecutor(1, "write graphs") as writing:
                coming = writing.submit(written, 0)
                for number, group in enumerate(groups):
                    graph = coming.result()
                    if number + 1 < len(groups):
                        coming = writing.submit(written, number + 1)
                    parts.append(_Part(graph.session(threads), len(group)))
                    for weight in (weight for layer in group for weight in layer.values()):
                        packed(weight)
                    del graph
                    give_back()
            return parts

        pool = ThreadPoolExecutor(1, "compile")
        self._coming = pool.submit(made)
        pool.shutdown(wait=False)

    @cached_property
    def _parts(self) -> list["_Part"]:
        return self._coming.result()

    def __call__(self, x: Tensor, cache: SharedCache, slots: Sequence[int]) -> Tensor:
        """(rows, steps, dim) float32, appended to the sequences in `slots` -> the same shape."""
        if x.shape[1] > 1:
            return torch.cat([self._run(row, cache, slot) for row, slot in zip(x.split(1), slots, strict=True)])
        low = min(slots)
        rows = max(slots) - low + 1
        rows += rows % 2 if self._pairs else 0
        if list(slots) == list(range(low, low + rows)):
            return self._run(x, cache, low)
        places = [slot - low for slot in slots]
        spread = x.new_zeros((rows, *x.shape[1:]))
        spread[places] = x
        return self._run(spread, cache, low)[places]

    def _run(self, x: Tensor, cache: SharedCache, low: int) -> Tensor:
        """The rows of neighbouring slots, from `low` on."""
        rows, steps, dim = x.shape
        starts = cache.lengths[low : low + rows]
        counts: dict[str, np.ndarray] = {
            "last": np.array([start + steps - 1 for start in starts], np.int32),
            "longest": np.array(max(starts) + steps, np.int32),
            "spread": np.array([rows, steps, -1], np.int64),
        }
        y, layer = x.reshape(rows * steps, dim).contiguous(), 0
        for part in self._parts:
            y = part.run(y, counts, cache, cache.memory[layer : layer + part.layers, :, low : low + rows])
            layer += part.layers
        return y.view(rows, steps, dim)


class _Part:
    """Some layers, in a session of their own."""

    def __init__(self, session: "InferenceSession", layers: int) -> None:
        self.layers = layers
        self._session = session

    def run(self, x: Tensor, counts: Mapping[str, np.ndarray], cache: SharedCache, memory: Tensor) -> Tensor:
        """(rows * steps, dim) -> the same; new keys and values are written into `memory` (layers, 2, rows, …)."""
        y, binding = torch.empty_like(x), self._binding(cache, memory)
        binding.bind_input("x", "cpu", 0, FLOAT, tuple(x.shape), x.data_ptr())
        binding.bind_output("y", "cpu", 0, FLOAT, tuple(y.shape), y.data_ptr())
        for name, count in counts.items():
            binding.bind_cpu_input(name, count)
        self._session.run_with_iobinding(binding)
        return y

    def _binding(self, cache: SharedCache, memory: Tensor) -> Any:
        """Where keys and values lie, which is told anew only where that has changed."""
        known = memory.data_ptr(), memory.shape
        before, binding = cache.bindings.get(self, (None, None))
        if before == known:
            return binding
        binding, shape, (by_layer, by_kind) = self._session.io_binding(), tuple(memory.shape[2:]), memory.stride()[:2]
        for layer in range(self.layers):
            for kind, name in enumerate(("keys", "values")):
                place = memory.data_ptr() + (layer * by_layer + kind * by_kind) * memory.element_size()
                binding.bind_input(f"{name}{layer}", "cpu", 0, FLOAT, shape, place)
                binding.bind_output(f"{name}{layer}.new", "cpu", 0, FLOAT, shape, place)
        cache.bindings[self] = known, binding
        return binding


class _Graph:
    """The operations of some layers, as they are put together."""

    def __init__(self, config: DecoderConfig, whole: bool, packed: Packed) -> None:
        self._config, self._whole, self._packed = config, whole, packed
        self._layers = 0
        self._nodes: list[NodeProto] = []
        self._held: list[TensorProto] = []
        self._beside: dict[str, Tensor] = {}  # large constants: what is written into a graph is copied often

    def write(self, layers: Sequence[Mapping[str, Tensor]], norm: Tensor | None) -> None:
        """The layers one behind the other, and the last norm where it comes."""
        for name, turn in zip(("cosine", "sine"), turns(self._config), strict=True):
            self._hold(name, turn)
        self._hold("flat", torch.tensor([-1, self._config.dim]))
        x = "x"
        for at, layer in enumerate(layers):
            x = self._layer(at, layer, x)
        self._add("Identity", [x if norm is None else self._normed(x, "norm", norm)], "y")
        self._layers = len(layers)

    def session(self, threads: int) -> "InferenceSession":
        """What was written, ready to run."""
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 4  # what fails is raised, and need not be printed besides
        options.enable_mem_pattern = False  # a plan would be kept for every length of a prompt
        # Else its threads would wait for the next step on the cores on which PyTorch goes on.
        options.add_session_config_entry("session.force_spinning_stop", "1")
        held = [onnxruntime.OrtValue.ortvalue_from_numpy(tensor.numpy()) for tensor in self._beside.values()]
        options.add_external_initializers(list(self._beside), held)
        return onnxruntime.InferenceSession(self._model(), options, providers=["CPUExecutionProvider"])

    def _model(self) -> bytes:
        from onnx import helper

        def face(name: str, kind: int, *shape: int | str) -> Any:
            return helper.make_tensor_value_info(name, kind, shape)

        config = self._config
        seen = ("rows", config.groups, "room", config.head_dim)
        past = [f"{kind}{at}" for at in range(self._layers) for kind in ("keys", "values")]
        inputs = [face("x", FLOAT, "all", config.dim), face("last", INT32, "rows"), face("longest", INT32)]
        inputs += [face("spread", INT64, 3), *(face(name, FLOAT, *seen) for name in past)]
        outputs = [face("y", FLOAT, "all", config.dim), *(face(f"{name}.new", FLOAT, *seen) for name in past)]
        graph = helper.make_graph(self._nodes, "layers", inputs, outputs, self._held)
        versions = [helper.make_opsetid("", OPERATORS), helper.make_opsetid(OWN, 1)]
        return helper.make_model(graph, opset_imports=versions, ir_version=FORMAT).SerializeToString()

    def _layer(self, at: int, weights: Mapping[str, Tensor], x: str) -> str:
        def product(of: str, name: str) -> str:
            return self._product(of, f"{name}{at}", weights[f"{name}.weight"], weights.get(f"{name}.bias"))

        y = self._normed(x, f"first_norm{at}", weights["input_layernorm.weight"])
        flat = [product(y, f"self_attn.{name}_proj") for name in "qkv"]
        parts = [self._add("Reshape", [one, "spread"], f"{one}.spread") for one in flat]
        past = [f"keys{at}", f"values{at}"]
        mixed = self._add(
            "GroupQueryAttention",
            [*parts, *past, "last", "longest", "cosine", "sine"],
            [f"mixed{at}", *(f"{name}.new" for name in past)],
            num_heads=self._config.heads,
            kv_num_heads=self._config.groups,
            do_rotary=1,
        )
        mixed = self._add("Reshape", [mixed, "flat"], f"{mixed}.flat")
        x = self._add("Add", [x, product(mixed, "self_attn.o_proj")], f"attended{at}")
        y = self._normed(x, f"second_norm{at}", weights["post_attention_layernorm.weight"])
        gate = self._add("QuickGelu", [product(y, "mlp.gate_proj")], f"gate{at}", alpha=1.0)  # with 1 it is SiLU
        gated = self._add("Mul", [gate, product(y, "mlp.up_proj")], f"gated{at}")
        return self._add("Add", [x, product(gated, "mlp.down_proj")], f"layer{at}")

    def _normed(self, x: str, name: str, weight: Tensor) -> str:
        held = self._hold(f"{name}.weight", weight)
        return self._add("SimplifiedLayerNormalization", [x, held], f"{name}.out", axis=-1, epsilon=self._config.eps)

    def _product(self, x: str, name: str, weight: Tensor, bias: Tensor | None) -> str:
        """(rows, in) times (out, in)."""
        added = [] if bias is None else [self._hold(f"{name}.bias", bias)]
        if not self._whole:
            held = self._refer(f"{name}.weight", weight.detach().float().contiguous())
            return self._add("Gemm", [x, held, *added], f"{name}.out", transB=1)
        outputs, inputs = weight.shape
        block = block_of(inputs)
        digits, scale = blockwise(weight, block)
        self._packed(weight)  # not only when the session is made: this way the file's weights are not all in memory
        parts = [self._refer(f"{name}.weight", digits), self._refer(f"{name}.scale", scale)]
        sizes = {"K": inputs, "N": outputs, "bits": 8, "block_size": block, "accuracy_level": WHOLE_INPUTS}
        return self._add("MatMulNBits", [x, *parts, *(["", "", *added] if added else [])], f"{name}.out", **sizes)

    def _refer(self, name: str, tensor: Tensor) -> str:
        """A constant that is not written into the graph."""
        from onnx import TensorProto

        kind = FLOAT if tensor.dtype == torch.float32 else BYTE
        face = TensorProto(name=name, data_type=kind, dims=tensor.shape, data_location=TensorProto.EXTERNAL)
        face.external_data.add(key="location", value="memory")
        self._held.append(face)
        self._beside[name] = tensor
        return name

    def _hold(self, name: str, tensor: Tensor) -> str:
        """A small constant."""
        from onnx import numpy_helper

        plain = tensor.detach().float() if tensor.is_floating_point() else tensor
        self._held.append(numpy_helper.from_array(plain.numpy(), name))
        return name

    def _add(self, operator: str, inputs: Sequence[str], outputs: str | Sequence[str], **attributes: Any) -> str:
        """An operation; gives the name of its first output."""
        from onnx import helper

        names = [outputs] if isinstance(outputs, str) else outputs
        domain = "" if operator in STANDARD else OWN
        self._nodes.append(helper.make_node(operator, inputs, names, domain=domain, **attributes))
        return names[0]


def block_of(inputs: int) -> int:
    """How many neighbouring weights of a row share a scale: as many as divide it, since a block is read whole."""
    block = BLOCK
    while block > LEAST_BLOCK and inputs % block:
        block //= 2
    return block


def blockwise(weight: Tensor, block: int) -> tuple[Tensor, Tensor]:
    """(out, in) -> whole numbers (out, blocks, block) uint8, and scales (out, blocks) float32.

    A weight is about `(whole - ZERO) * scale`.
    """
    rows = weight.detach()
    rows = functional.pad(rows, (0, more)) if (more := -rows.shape[1] % block) else rows
    whole, scale = whole_numbers(rows.reshape(-1, block), SMALLEST, torch.float32, ZERO)
    return whole.view(len(rows), -1, block), scale.view(len(rows), -1)
