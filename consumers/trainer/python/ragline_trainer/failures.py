"""Failures by class, each with what to do."""

import errno

CLASSES = (
    "out_of_memory",
    "disk_full",
    "base_model_missing",
    "dataset_missing",
    "dataset_hash_mismatch",
    "dataset_empty",
    "row_too_long",
    "environment_missing",
    "contradiction",
    "diverged",
    "internal",
)


class Failure(Exception):
    """Ends the job. The message says what to do."""

    def __init__(self, reason: str, message: str):
        if reason not in CLASSES:
            raise ValueError(f"unknown failure class {reason}")
        super().__init__(message)
        self.reason = reason


def classify(error: BaseException) -> Failure:
    """Finds the class of an error, also behind errors that were raised while it was handled."""
    first = error
    seen = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if isinstance(error, Failure):
            return error
        if _out_of_memory(error):
            return Failure("out_of_memory", f"{error}. Lower batch_size or max_length, or use qlora")
        if _disk_full(error):
            return Failure("disk_full", f"{error}. Free space in the training folder; the job goes on from its last checkpoint")
        if isinstance(error, ImportError):
            return Failure("environment_missing", f"{error}. Run: make trainer-env")
        error = error.__cause__ or error.__context__
    return Failure("internal", f"{type(first).__name__}: {first}")


def _out_of_memory(error: BaseException) -> bool:
    text = str(error).lower()
    return isinstance(error, MemoryError) or (
        isinstance(error, RuntimeError) and ("out of memory" in text or "can't allocate memory" in text)
    )


def _disk_full(error: BaseException) -> bool:
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return True
    # safetensors and torch write in native code and keep only the text of the error.
    text = str(error).lower()
    return "no space left on device" in text or "os error 28" in text or "pytorchstreamwriter failed writing" in text
