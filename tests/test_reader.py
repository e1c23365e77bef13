"""The reader: what it is taught with, its graph against its torch form, and what the bundled one says."""

from __future__ import annotations

import hashlib
import json
import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import BertConfig, BertModel

from index.maxsim import StaticVectors
from index.reader import Reader
from index.training.answerability import (
    Example,
    nearest_wrong,
    read_about,
    read_written,
    windowed,
    without_answer,
)
from index.training.graph import matches
from index.training.reader import (
    ReaderModel,
    export_reader,
    places,
    reader_tokenizer,
    reading_loss,
    stacked,
)
from index.training.recipe import DEFAULT, DataFile, read_recipe

MODEL = DEFAULT.parent.parent / "model"
RECIPE = read_recipe()
PASSAGE = (
    "Sekretariat ASEAN berada di Jakarta. Gedung barunya diresmikan pada 8 Agustus 2019. "
    "Presiden hadir bersama para menteri luar negeri dari sepuluh negara anggota perhimpunan."
)


def example(answer: str | None, passage: str = PASSAGE) -> Example:
    start = passage.index(answer) if answer else -1
    end = start + len(answer) if answer else -1
    return Example("Kapan diresmikan?", passage, answer is not None, start, end, "toy", passage)


def toy_data(folder: Path, name: str, kind: str, rows: list[dict[str, object]]) -> DataFile:
    content = "\n".join(json.dumps(row) for row in rows).encode()
    (folder / name).write_bytes(content)
    return DataFile(name, kind, "toy", "us", "CC0-1.0", hashlib.sha256(content).hexdigest())  # type: ignore[arg-type]


def test_without_its_answer_a_passage_stays_on_the_subject_and_answers_nothing() -> None:
    shorter = without_answer(example("8 Agustus 2019"))
    assert shorter is not None and not shorter.answers and shorter.start == -1
    assert "2019" not in shorter.passage and "Sekretariat ASEAN" in shorter.passage
    assert without_answer(example(None)) is None
    assert without_answer(example("8 Agustus 2019", "Dibuka pada 8 Agustus 2019. Ramai.")) is None


@pytest.mark.parametrize("seed", range(20))
def test_a_window_keeps_the_answer_in_place(seed: int) -> None:
    long = " ".join(f"Kalimat nomor {n} berisi beberapa kata saja." for n in range(40))
    long = f"{long} Diresmikan pada 8 Agustus 2019. {long}"
    cut = windowed(example("8 Agustus 2019", long), 60, random.Random(seed))
    assert cut.passage[cut.start : cut.end] == "8 Agustus 2019"
    assert 60 <= len(cut.passage.split()) <= 75
    assert cut.group == long
    none = windowed(replace(example(None, long)), 60, random.Random(seed))
    assert len(none.passage.split()) <= 75 and (none.start, none.end) == (-1, -1)


def test_written_questions_find_their_answer_after_cleaning(tmp_path: Path) -> None:
    passage = "Dibuka 2019.  Lalu  ditutup,\ndan dibuka lagi 2019 itu."
    rows: list[dict[str, object]] = [
        {
            "question": "Kapan dibuka lagi?",
            "passage": passage,
            "answerable": True,
            "answer": {"text": "2019", "start": passage.rindex("2019")},
            "src": "toy",
        },
        {
            "question": "Kapan dijual?",
            "passage": passage,
            "answerable": False,
            "answer": None,
            "src": "toy",
        },
    ]
    file = toy_data(tmp_path, "w.jsonl", "answerability", rows)
    answered, refused = read_written(replace(RECIPE, data=[file]), tmp_path)
    assert answered.start == answered.passage.rindex("2019")
    assert not refused.answers and refused.start == -1


def test_an_answer_to_another_question_about_the_same_thing_is_none(tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [
        {"anchor": "What are the symptoms of Gout ?", "positive": "Pain in the toe.", "src": "m"},
        {"anchor": "What are the treatments for Gout ?", "positive": "Rest and ice.", "src": "m"},
        {"anchor": "What are the treatments for Flu ?", "positive": "Rest.", "src": "m"},
    ]
    file = toy_data(tmp_path, "m.jsonl", "about", rows)
    made = read_about(replace(RECIPE, data=[file]), tmp_path, random.Random(1))
    assert [item.answers for item in made] == [True, False]
    assert made[0].question == made[1].question and made[0].passage != made[1].passage
    assert "Gout" in made[0].question


def test_the_nearest_wrong_passage_is_near_and_wrong() -> None:
    static = StaticVectors(MODEL / "static")
    asked = [
        Example(question, passage, True, passage.index(answer), len(passage), "toy", passage)
        for question, passage, answer in (
            ("Kapan gedung dibuka?", "Gedung dibuka pada 2019.", "2019"),
            ("Siapa membuka museum?", "Museum dibuka oleh Ani.", "Ani"),
            ("Berapa harga beras?", "Harga beras naik lagi.", "naik"),
        )
    ]
    made = nearest_wrong(asked, static, 1, random.Random(1))
    assert made[0].passage == "Museum dibuka oleh Ani."
    assert all(not item.answers and item.passage != item.group for item in made)


def test_matches_say_what_the_other_side_holds() -> None:
    rows = torch.tensor([[[1.0, 0], [0, 1.0], [2.0, 0], [1.0, 1.0], [0, 0]]])
    ids = torch.tensor([[7, 8, 7, 9, 0]])
    types, mask = torch.tensor([[0, 0, 1, 1, 0]]), torch.tensor([[1, 1, 1, 1, 0]])
    found = matches(rows, ids, types, mask)[0]
    half = 2**-0.5
    np.testing.assert_allclose(found[:4, 0], [1.0, half, 1.0, half], atol=1e-6)
    assert found[:4, 1].tolist() == [1, 0, 1, 0]


def test_places_are_the_answers_tokens() -> None:
    tokenizer = reader_tokenizer(MODEL, 256)
    item = example("8 Agustus 2019")
    encoding = tokenizer.encode(item.question, item.passage)
    first, last = places(item, encoding)
    assert item.passage[encoding.offsets[first][0] : encoding.offsets[last][1]] == "8 Agustus 2019"
    assert encoding.sequence_ids[first] == 1
    assert places(example(None), encoding) == (-100, -100)


def test_the_loss_is_least_where_verdict_and_span_are_right() -> None:
    spans = torch.zeros((2, 4, 2))
    spans[0, 1, 0] = spans[0, 2, 1] = 9.0
    targets = torch.tensor([[1, 2], [-100, -100]])
    answers = torch.tensor([1.0, 0.0])
    right = reading_loss(torch.tensor([6.0, -6.0]), spans, answers, targets, 0.5)
    wrong = reading_loss(torch.tensor([-6.0, 6.0]), spans, answers, targets, 0.5)
    elsewhere = reading_loss(torch.tensor([6.0, -6.0]), spans.flip(1), answers, targets, 0.5)
    assert right < 0.02 < elsewhere < wrong


def test_the_graph_says_what_the_torch_model_says(tmp_path: Path) -> None:
    """int8, and rows from the encoder's own table."""
    torch.manual_seed(1)
    body = BertModel.from_pretrained(str(MODEL))
    assert isinstance(body, BertModel) and isinstance(body.config, BertConfig)
    model = ReaderModel(body, 2).eval()
    export_reader(model, RECIPE, tmp_path)
    reader = Reader(tmp_path)
    tokenizer = reader_tokenizer(MODEL, RECIPE.base.max_tokens)
    questions = ["Kapan gedung diresmikan?", "Who attended the opening?", "Berapa harga tiket?"]
    with torch.inference_mode():
        logits, spans = model(*stacked([tokenizer.encode(q, PASSAGE) for q in questions]))
    readings = [reader.read(question, [PASSAGE])[0] for question in questions]
    # Untrained verdicts all lie close together: compare what moves, the spans.
    said = np.array([reading.answers for reading in readings])
    np.testing.assert_allclose(said, logits.numpy(), atol=0.05)
    encoding = tokenizer.encode(questions[0], PASSAGE)
    inside = [at for at, side in enumerate(encoding.sequence_ids) if side == 1]
    expected = spans[0, inside].numpy()
    assert np.corrcoef(readings[0].places[:, 1:].ravel(), expected.ravel())[0, 1] > 0.99
    for reading in readings:
        assert 0 <= reading.start < reading.end <= len(PASSAGE)
