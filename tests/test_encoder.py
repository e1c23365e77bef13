"""The encoders: the bundled one, its static twin, and any sentence-transformers model."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from index.encoder import (
    MODEL,
    EncoderError,
    OnnxEncoder,
    SentenceTransformerEncoder,
    StaticEncoder,
    load_encoder,
)

TEXTS = [
    "Sekretariat ASEAN terletak di Jakarta Selatan.",
    "The ASEAN Secretariat is in South Jakarta.",
    "Harga cabai naik di pasar.",
]


@pytest.mark.parametrize("profile", ["standard", "fast"])
def test_vectors_are_unit_and_bilingual(profile: str) -> None:
    encoder = load_encoder(profile=profile)
    vectors = encoder.encode_passages(TEXTS)
    assert vectors.shape == (3, encoder.dim)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(3), abs=1e-4)
    # A translation is nearer than another subject in the same language.
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2] + 0.2
    assert encoder.encode_passages([]).shape == (0, encoder.dim)
    assert encoder.encode_question(TEXTS[0]) @ vectors[0] == pytest.approx(1.0, abs=0.02)


def test_a_text_has_one_vector_whatever_is_encoded_with_it(bundled: OnnxEncoder) -> None:
    texts = [*TEXTS, "kata " * 400, ""]
    seen: list[int] = []
    together = bundled.encode_passages(texts, seen.append)
    assert sum(seen) == len(texts)
    for row, text in enumerate(texts):
        assert (bundled.encode_passages([text])[0] == together[row]).all()
        assert (bundled.encode_question(text) == together[row]).all()


def test_fingerprints_tell_encoders_apart(bundled: OnnxEncoder) -> None:
    assert OnnxEncoder().fingerprint == bundled.fingerprint
    assert StaticEncoder().fingerprint != bundled.fingerprint


def test_a_model_that_is_not_whole(tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match="Install the package again"):
        OnnxEncoder(tmp_path)


@pytest.mark.slow
def test_any_sentence_transformers_model_and_its_prompts(tmp_path: Path) -> None:
    """The folder form of the bundled model, as an operator's own model would be."""
    plain = SentenceTransformerEncoder(str(MODEL))
    assert plain.dim == 384
    assert plain.encode_passages([]).shape == (0, 384)
    assert np.linalg.norm(plain.encode_passages(TEXTS), axis=1) == pytest.approx(
        np.ones(3), abs=1e-4
    )
    folder = tmp_path / "prompted"
    shutil.copytree(MODEL, folder, ignore=shutil.ignore_patterns("onnx", "static"))
    config = json.loads((folder / "config_sentence_transformers.json").read_text())
    config["prompts"] = {"query": "query: ", "passage": "passage: "}
    (folder / "config_sentence_transformers.json").write_text(json.dumps(config))
    prompted = SentenceTransformerEncoder(str(folder))
    question = prompted.encode_question("gedung")
    assert question == pytest.approx(plain.encode_question("query: gedung"), abs=1e-5)
    assert prompted.encode_passages(["gedung"])[0] == pytest.approx(
        plain.encode_passages(["passage: gedung"])[0], abs=1e-5
    )
    assert question @ prompted.encode_passages(["gedung"])[0] < 0.9999
    assert prompted.fingerprint != plain.fingerprint
    # A folder named like E5 that declares nothing gets E5's prompts; the settings beat all.
    e5 = tmp_path / "multilingual-e5-small"
    shutil.copytree(MODEL, e5, ignore=shutil.ignore_patterns("onnx", "static"))
    assert SentenceTransformerEncoder(str(e5)).encode_question("gedung") == pytest.approx(
        plain.encode_question("query: gedung"), abs=1e-5
    )
    assert SentenceTransformerEncoder(str(e5), query_prompt="").encode_question(
        "gedung"
    ) == pytest.approx(plain.encode_question("gedung"), abs=1e-5)


@pytest.mark.slow
def test_a_model_that_cannot_be_loaded() -> None:
    with pytest.raises(EncoderError, match="TANYA_MODEL=nobody/nothing: cannot be loaded"):
        load_encoder("nobody/nothing")
