"""Events: one JSON object a line, on file descriptor 3 or on standard output. Everything else goes to standard error."""

import json
import math
import os
import sys


class Events:
    def __init__(self, stream):
        self._stream = stream

    @staticmethod
    def open(to_stdout: bool) -> "Events":
        if to_stdout:
            stream = os.fdopen(os.dup(1), "w")
        else:
            stream = os.fdopen(3, "w")
        # Libraries print; a line of theirs among the events would not parse.
        os.dup2(2, 1)
        sys.stdout = sys.stderr
        return Events(stream)

    def emit(self, event: str, **values) -> None:
        # Only the first of several processes speaks.
        if os.environ.get("RANK", "0") != "0":
            return
        # JSON has no NaN.
        values = {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in values.items()}
        self._stream.write(json.dumps({"event": event, **values}, allow_nan=False) + "\n")
        self._stream.flush()
