"""The four methods. Every flag follows from the method, so that none can contradict it."""

from dataclasses import dataclass
from enum import Enum

from .failures import Failure


@dataclass(frozen=True)
class Flags:
    four_bit: bool
    use_dora: bool
    optimizer_cuda: str


class Method(str, Enum):
    LORA = "lora"
    QLORA = "qlora"
    DORA = "dora"
    QDORA = "qdora"

    @property
    def flags(self) -> Flags:
        four_bit = self in (Method.QLORA, Method.QDORA)
        return Flags(
            four_bit=four_bit,
            use_dora=self in (Method.DORA, Method.QDORA),
            optimizer_cuda="paged_adamw_8bit" if four_bit else "adamw_torch",
        )

    @staticmethod
    def of(name: str) -> "Method":
        try:
            return Method(name)
        except ValueError:
            known = ", ".join(m.value for m in Method)
            raise Failure("contradiction", f"unknown method {name!r}: use one of {known}") from None


def check(method: Method, base_config: dict, *, packing: bool, flash_attention: bool, backend: str, cuda: bool) -> None:
    """Refuses what would train something else than it says."""
    if base_config.get("quantization_config"):
        raise Failure(
            "contradiction",
            f"the base model is quantized already, so {method.value} would load it that way whatever its flags say and the "
            "merge would start from rounded weights: name the unquantized model",
        )
    if packing and not flash_attention:
        raise Failure(
            "contradiction",
            "packing without FlashAttention lets rows of one sequence see each other: install flash-attn or turn packing off",
        )
    if backend not in ("peft", "unsloth"):
        raise Failure("contradiction", f"unknown backend {backend!r}: use peft or unsloth")
    if backend == "unsloth" and method.flags.use_dora:
        raise Failure("contradiction", f"Unsloth turns its kernels off for {method.value}: use the peft backend")
    if backend == "unsloth" and not cuda:
        raise Failure("contradiction", "Unsloth needs a GPU: use the peft backend")
