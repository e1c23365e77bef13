"""Encoders: text → unit vectors. The bundled one runs in ONNX Runtime, without torch."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from index.maxsim import StaticVectors

MODEL = Path(__file__).parent / "model"
"""The bundled model: sentence-transformers folder, `onnx/`, `static/`, `profile.json`."""

Vectors = NDArray[np.float32]
Progress = Callable[[int], None]
"""Called with the number of texts done since the last call."""

SLOW = ["SkipLayerNormFusion"]
"""Rewritings of ONNX Runtime that cost more than they save: its fused addition and normalisation takes
six times as long as the two apart. Vectors differ a little with it (cosine .998), hence the fingerprint."""

_BATCH = 32
"""Texts at once in torch."""

_KNOWN_PROMPTS = (
    # Models whose folders declare no prompts but which were trained with them (their model cards).
    (re.compile(r"(?:^|/)(?:multilingual-)?e5-(?:small|base|large)", re.I), "query: ", "passage: "),
    (re.compile(r"(?:^|/)nomic-embed-text", re.I), "search_query: ", "search_document: "),
)


class EncoderError(Exception):
    """A model that cannot be loaded; the message says which, why and what to do."""


class Encoder(Protocol):
    """Turns texts into vectors whose inner product is their cosine.

    `fingerprint` differs whenever the vectors would: vectors of different fingerprints are never
    mixed or compared. Both methods are safe to call from threads.
    """

    name: str
    dim: int
    fingerprint: str

    def encode_passages(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        """(len(texts), dim) float32, unit rows, in order; (0, dim) for no texts."""
        ...

    def encode_question(self, text: str) -> Vectors:
        """(dim,) float32, unit length."""
        ...


def load_encoder(
    model: str = "bundled",
    profile: str = "standard",
    threads: int = 1,
    query_prompt: str | None = None,
    passage_prompt: str | None = None,
) -> Encoder:
    """The encoder that the settings name. EncoderError where it cannot be loaded."""
    if model == "bundled":
        return StaticEncoder() if profile == "fast" else OnnxEncoder(threads=threads)
    return SentenceTransformerEncoder(model, query_prompt, passage_prompt)


class OnnxEncoder:
    """A model folder with `onnx/model_int8.onnx`, `tokenizer.json` and `profile.json`."""

    def __init__(self, folder: Path = MODEL, threads: int = 1) -> None:
        from tokenizers import Tokenizer

        path = folder / "onnx" / "model_int8.onnx"
        try:
            profile = json.loads((folder / "profile.json").read_text("utf-8"))
            content = path.read_bytes()
            self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        except FileNotFoundError as error:
            raise EncoderError(
                f"{error.filename}: the bundled model is not whole. Install the package again."
            ) from error
        self.name = str(profile["name"])
        self.dim = int(profile["dim"])
        self._query_prompt = str(profile["query_prompt"])
        self._passage_prompt = str(profile["passage_prompt"])
        self._tokenizer.enable_truncation(int(profile["max_tokens"]))
        self._tokenizer.no_padding()
        self.fingerprint = _fingerprint(
            content,
            ",".join(SLOW).encode(),
            (folder / "tokenizer.json").read_bytes(),
            json.dumps(profile, sort_keys=True).encode(),
        )
        self._session = onnx_session(content, threads)

    def encode_passages(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        """See `Encoder`."""
        vectors = np.empty((len(texts), self.dim), np.float32)
        # One at a time: int8 activations are scaled by what runs together, so a batch would change
        # its texts' vectors (mean cosine 0.995), and on one thread 32 together are a third slower.
        for row, text in enumerate(texts):
            vectors[row] = self._run(self._passage_prompt + text)
            if progress is not None:
                progress(1)
        return vectors

    def encode_question(self, text: str) -> Vectors:
        """See `Encoder`."""
        return self._run(self._query_prompt + text)

    def _run(self, text: str) -> Vectors:
        encoding = self._tokenizer.encode(text)
        inputs = {
            "input_ids": np.array([encoding.ids], np.int64),
            "attention_mask": np.array([encoding.attention_mask], np.int64),
        }
        vector: Vectors = self._session.run(None, inputs)[0][0]
        return vector


def onnx_session(content: bytes, threads: int) -> Any:
    """An ONNX Runtime session of the model `content` on the CPU."""
    # Not at the top: `tanya --help` need not wait for it.
    import onnxruntime  # type: ignore[import-untyped]

    options = onnxruntime.SessionOptions()
    # Two threads under contention are slower than one: OpenMP barriers.
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(
        content, options, providers=["CPUExecutionProvider"], disabled_optimizers=SLOW
    )


class StaticEncoder:
    """The static twin as encoder: the mean of word-piece vectors, thousands of passages a second."""

    def __init__(self, static: StaticVectors | None = None, folder: Path = MODEL) -> None:
        self._static = static or StaticVectors(folder / "static")
        self.name = "bundled, static"
        self.dim = self._static.dim
        self.fingerprint = static_fingerprint(folder)

    def encode_passages(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        """See `Encoder`."""
        vectors = self._static.means(texts)
        if progress is not None:
            progress(len(texts))
        return vectors

    def encode_question(self, text: str) -> Vectors:
        """See `Encoder`."""
        vector: Vectors = self._static.means([text])[0]
        return vector


class SentenceTransformerEncoder:
    """Any sentence-transformers model, by hub name or folder; imports torch.

    Prompts: those given; else those the model declares (`query`; `document`, `passage` or `corpus`);
    else those its card is known to ask for (E5).
    """

    def __init__(
        self, model: str, query_prompt: str | None = None, passage_prompt: str | None = None
    ) -> None:
        from sentence_transformers import SentenceTransformer

        try:
            self._model: Any = SentenceTransformer(model, device="cpu")
        except (OSError, ValueError) as error:
            raise EncoderError(
                f"TANYA_MODEL={model}: cannot be loaded ({_first_line(error)}). "
                "Give a folder, or a name of the model hub where this machine can reach it."
            ) from error
        declared = dict(self._model.prompts or {})
        known = next(
            ((q, p) for pattern, q, p in _KNOWN_PROMPTS if pattern.search(model)), ("", "")
        )
        self._query_prompt = (
            query_prompt if query_prompt is not None else declared.get("query") or known[0]
        )
        self._passage_prompt = (
            passage_prompt
            if passage_prompt is not None
            else next(
                (declared[n] for n in ("document", "passage", "corpus") if declared.get(n)), ""
            )
            or known[1]
        )
        self.name = model
        self.dim = self.encode_question("ASEAN").shape[0]
        # The weights are too large to hash at every start; what they say about a text is not.
        probe = self.encode_question("Sekretariat ASEAN, Jakarta: 43rd ASEAN Summit")
        self.fingerprint = _fingerprint(
            model.encode(),
            self._query_prompt.encode(),
            self._passage_prompt.encode(),
            np.round(probe, 3).tobytes(),
        )

    def encode_passages(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        """See `Encoder`."""
        vectors = np.empty((len(texts), self.dim), np.float32)
        for first in range(0, len(texts), _BATCH):
            batch = [self._passage_prompt + text for text in texts[first : first + _BATCH]]
            vectors[first : first + len(batch)] = self._encode(batch)
            if progress is not None:
                progress(len(batch))
        return vectors

    def encode_question(self, text: str) -> Vectors:
        """See `Encoder`."""
        vector: Vectors = self._encode([self._query_prompt + text])[0]
        return vector

    def _encode(self, texts: list[str]) -> Vectors:
        vectors: Vectors = self._model.encode(
            texts,
            # Ours are already in the text; the model's default must not come on top.
            prompt="",
            normalize_embeddings=True,
            convert_to_numpy=True,
            show_progress_bar=False,
        ).astype(np.float32)
        return vectors


def static_fingerprint(folder: Path = MODEL) -> str:
    """The fingerprint of the static twin."""
    static = folder / "static"
    return _fingerprint(
        (static / "model.safetensors").read_bytes(), (static / "tokenizer.json").read_bytes()
    )


def _fingerprint(*parts: bytes) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(hashlib.sha256(part).digest())
    return digest.hexdigest()[:32]


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
