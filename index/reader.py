"""The reader: does a passage answer a question, and where. Bundled, runs in ONNX Runtime."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.encoder import MODEL, EncoderError, onnx_session

READER = Path(__file__).parent / "reader"
"""The bundled reader: `reader_int8.onnx`, `profile.json`. Tokenizer and token table are the encoder's."""

_TABLE = "embeddings.word_embeddings.weight"
LONGEST = 30
"""Tokens of the longest answer that is looked for."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What the reader says of one passage. `answers`: logit that it answers; `start`, `end`: characters
    of the likeliest answer; `places`: (n, 3) float32, for each token of the passage the character where
    it begins, and the logits that the answer begins and ends with it."""

    answers: float
    start: int
    end: int
    places: NDArray[np.float32]


class Reader:
    """Reads a question and a passage together. Safe to use from threads."""

    def __init__(self, folder: Path = READER, encoder: Path = MODEL, threads: int = 1) -> None:
        from safetensors import safe_open
        from tokenizers import Tokenizer

        try:
            profile = json.loads((folder / "profile.json").read_text("utf-8"))
            content = (folder / "reader_int8.onnx").read_bytes()
            self._tokenizer = Tokenizer.from_file(str(encoder / "tokenizer.json"))
            with safe_open(encoder / "model.safetensors", framework="numpy") as tensors:
                self._table: NDArray[np.float16] = tensors.get_tensor(_TABLE)
        except FileNotFoundError as error:
            raise EncoderError(
                f"{error.filename}: the bundled reader is not whole. Install the package again."
            ) from error
        self.name = str(profile["name"])
        self.fingerprint = hashlib.sha256(content).hexdigest()[:16]
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(int(profile["max_tokens"]), strategy="only_second")
        self._session = onnx_session(content, threads)

    def read(self, question: str, passages: Sequence[str]) -> list[Reading]:
        """A reading of each of `passages`, in order. One at a time: int8 activations are scaled by what
        runs together, so what is read beside a passage would change what is said of it."""
        return [self._read(question, passage) for passage in passages]

    def _read(self, question: str, passage: str) -> Reading:
        # A question of 500 characters leaves room for the passage; more would not (truncation keeps it).
        encoding = self._tokenizer.encode(question, passage)
        ids = np.array(encoding.ids, np.int64)
        rows = self._table[ids].astype(np.float32)[None]
        types = np.array([encoding.type_ids], np.int64)
        answers, spans = self._session.run(
            None, {"rows": rows, "input_ids": ids[None], "types": types}
        )
        inside = [at for at, side in enumerate(encoding.sequence_ids) if side == 1]
        every = encoding.offsets  # a new list at each access
        offsets = [every[at] for at in inside]
        logits = spans[0][inside]
        first, last = _best_span(logits)
        places = np.concatenate(
            [np.array([[start] for start, _ in offsets], np.float32).reshape(-1, 1), logits], axis=1
        )
        return Reading(
            answers=float(answers[0]),
            start=offsets[first][0] if offsets else 0,
            end=offsets[last][1] if offsets else 0,
            places=places,
        )


def span_sums(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """For each first and last token, (n, n), the sum of their logits, (n, 2); -inf where the last comes
    before the first or lies LONGEST or more behind it."""
    apart = np.arange(len(logits))[None] - np.arange(len(logits))[:, None]
    sums: NDArray[np.float32] = np.where(
        (apart >= 0) & (apart < LONGEST), logits[:, :1] + logits[:, 1][None], -np.inf
    )
    return sums


def _best_span(logits: NDArray[np.float32]) -> tuple[int, int]:
    """First and last token whose logits, (n, 2), have the largest sum."""
    if not len(logits):
        return 0, 0
    sums = span_sums(logits)
    first, last = np.unravel_index(int(sums.argmax()), sums.shape)
    return int(first), int(last)
