"""Generations of former formats, which must go on serving."""

from __future__ import annotations

import json
from pathlib import Path

from index.generation import read_generation
from index.integrity import checksums

KEPT = ("keys", "tokens", "token_offsets")


def make_former(folder: Path, version: int) -> None:
    """Turn the generation in `folder` into one of format 1 or 2: passages as lines, few columns."""
    lines = [
        json.dumps(
            {
                "id": passage.id,
                "article": passage.article_id,
                "language": passage.language,
                "start": passage.start,
                "end": passage.end,
            }
        )
        for passage in read_generation(folder).passages
    ]
    (folder / "passages.jsonl").write_text("\n".join(lines) + "\n")
    for path in folder.glob("*.npy"):
        if path.stem not in KEPT:
            path.unlink()
    for name in ("names.json", "verified.json", *(["stories.json"] if version == 1 else [])):
        (folder / name).unlink()
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text())
    del manifest["tokenizer"]
    path.write_text(json.dumps(manifest | {"format": version, "files": checksums(folder)}))
