"""Which checkpoint to go on from. A folder without the marker was being written when the job was killed."""

import shutil
from pathlib import Path

_MARKER = "complete"


def mark(folder: Path) -> None:
    (folder / _MARKER).touch()


def last(folder: Path) -> Path | None:
    """The newest complete checkpoint. Incomplete ones are removed: the library would count them among those it keeps."""
    found = []
    for path in folder.glob("checkpoint-*"):
        if (path / _MARKER).exists():
            found.append((step(path), path))
        else:
            shutil.rmtree(path)
    return max(found)[1] if found else None


def step(path: Path) -> int:
    return int(path.name.rsplit("-", 1)[1])
