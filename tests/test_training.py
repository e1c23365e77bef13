"""The training code on toy data, and the bundled model against its own fp32 form."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from index.maxsim import CAP, StaticVectors
from index.training import leakage
from index.training.alignment import align
from index.training.batches import by_tokens, padded
from index.training.data import Translation, read_lexicon, read_translations
from index.training.distil import average, distillation_loss
from index.training.late import distinct_ids, max_similarity, train_late
from index.training.recipe import DEFAULT, DataFile, TrainingError, read_recipe
from index.training.static import load_static, save_static
from index.training.vocabulary import (
    ALPHABET,
    SPECIAL,
    choose_english,
    count_pieces,
    latin,
    learn_pieces,
    new_rows,
    tokenizer_of,
)

MODEL = DEFAULT.parent.parent / "model"
RECIPE = read_recipe()


def test_recipe_names_a_licence_a_checksum_and_an_origin_for_every_file() -> None:
    assert len(RECIPE.data) > 10
    for file in RECIPE.data:
        assert file.licence and file.origin and len(file.sha256) == 64, file.path


def test_recipe_refuses_an_unknown_key(tmp_path: Path) -> None:
    path = tmp_path / "recipe.toml"
    path.write_text(DEFAULT.read_text("utf-8").replace("\nepochs", "\nepoch", 1), "utf-8")
    with pytest.raises(TrainingError, match="'epoch'"):
        read_recipe(path)


def test_changed_training_data_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"id": "satu", "en": "one", "src": "a"}\n', "utf-8")
    file = DataFile("a.jsonl", "parallel", "toy", "us", "CC0-1.0", "0" * 64)
    with pytest.raises(TrainingError, match="sha256"):
        read_translations(tmp_path, replace(RECIPE, data=[file]))


def test_lexicon_gives_chat_spellings_the_meaning_of_the_standard_word() -> None:
    pairs = {(pair.indonesian, pair.english) for pair in read_lexicon(RECIPE)}
    assert ("gimana", "how") in pairs


def test_model_1_learns_which_word_translates_which() -> None:
    lexicon = {"rumah": "house", "besar": "big", "kucing": "cat", "hitam": "black", "saya": "my"}
    foreign, english = sorted(lexicon), sorted(lexicon.values())
    picker = random.Random(3)
    pairs = []
    for _ in range(60):
        said = picker.sample(foreign, 3)
        heard = [english.index(lexicon[word]) for word in said]
        picker.shuffle(heard)
        pairs.append(([foreign.index(word) for word in said], heard))
    alignment = align(pairs, iterations=10)
    for number, word in enumerate(foreign):
        best, probability = alignment.of(number)
        assert english[best[0]] == lexicon[word]
        assert probability[0] > 0.6
        assert probability.sum() == pytest.approx(1)
    assert len(alignment.of(99)[0]) == 0


def test_surgery_keeps_english_rows_and_sums_the_others() -> None:
    base = [*SPECIAL, "house", "home", "cat", "x", "##y"]
    rows = np.random.default_rng(0).standard_normal((len(base), 6)).astype(np.float32)
    base_rows = dict(zip(base, rows, strict=True))
    pieces = [*base, "rumah", "xyy"]
    # rumah meets house in three sentences of four, home in one; nothing ever meets xyy
    rumah, house, home = (pieces.index(word) for word in ("rumah", "house", "home"))
    alignment = align([([rumah], [house])] * 3 + [([rumah], [home])], iterations=1)
    table = new_rows(pieces, set(), base_rows, alignment, RECIPE.vocabulary, tokenizer_of(base))
    np.testing.assert_array_equal(table[: len(base)], rows)
    expected = 0.75 * base_rows["house"] + 0.25 * base_rows["home"]
    np.testing.assert_allclose(table[rumah], expected, rtol=1e-5)
    spelled = (base_rows["x"] + 2 * base_rows["##y"]) / 3
    np.testing.assert_allclose(table[-1], spelled, rtol=1e-5)


def test_an_indonesian_homograph_gets_a_new_row() -> None:
    base = [*SPECIAL, "dan", "and"]
    base_rows = {piece: np.full(3, n, np.float32) for n, piece in enumerate(base)}
    dan, word = base.index("dan"), base.index("and")
    alignment = align([([dan], [word])], iterations=1)
    table = new_rows(base, {"dan"}, base_rows, alignment, RECIPE.vocabulary, tokenizer_of(base))
    np.testing.assert_array_equal(table[dan], base_rows["and"])


def test_english_pieces_are_those_in_use_then_the_frequent_ones() -> None:
    base = [*SPECIAL, "a", "##a", "the", "of", "summit", "中", "[unused1]"]
    counts = count_pieces(tokenizer_of(base), ["a summit", "the summit"] * 2)
    assert choose_english(base, counts, 9) == [*SPECIAL, "a", "##a", "the", "summit"]
    assert not latin("中") and not latin("[unused1]") and latin("##a") and latin("”")


def test_the_same_texts_teach_the_same_pieces() -> None:
    picker = random.Random(7)
    syllables = [a + b for a in "bcdghjklmnprst" for b in "aeiou"]
    texts = [
        " ".join("".join(picker.choices(syllables, k=3)) for _ in range(8)) for _ in range(300)
    ]
    texts.append("[CLS] ##ba [MASK], di-##ka?")
    texts.append(" ".join(map(chr, range(0x4E00, 0x4E00 + 400))))  # more than ALPHABET, all as rare
    # Hash maps are seeded anew at every training: numbers given in their order would differ.
    first, *others = (learn_pieces(texts, 900, 2) for _ in range(5))
    assert all(other == first for other in others)
    assert len(first) == len(set(first)) == 900
    assert first[: len(SPECIAL)] == SPECIAL
    assert sum(len(piece) == 1 for piece in first) == ALPHABET
    assert {"b", "##a", "[", "#", "?"} <= set(first) and "##?" not in first


def test_batches_hold_every_text_once_and_keep_to_their_size() -> None:
    lengths = [random.Random(n).randint(3, 200) for n in range(500)]
    batches = by_tokens(lengths, range(500), 1000, random.Random(0))
    assert sorted(index for batch in batches for index in batch) == list(range(500))
    assert all(len(b) * max(lengths[index] for index in b) <= 1000 for b in batches)
    features = padded([[2, 7, 3], [2, 3]])
    assert features["attention_mask"].tolist() == [[1, 1, 1], [1, 1, 0]]


def test_distillation_is_least_when_the_student_gives_the_teachers_vectors() -> None:
    torch.manual_seed(0)
    target, negatives = (torch.nn.functional.normalize(torch.randn(n, 8), dim=1) for n in (4, 16))
    right = distillation_loss(target, target, negatives, RECIPE.distil)
    wrong = distillation_loss(target.roll(1, 0), target, negatives, RECIPE.distil)
    assert right < wrong
    # a negative equal to the target is not held against the student
    one, copied = target[:1], torch.cat([negatives, target[:1]])
    assert distillation_loss(one, one, copied, RECIPE.distil).item() == pytest.approx(
        distillation_loss(one, one, negatives, RECIPE.distil).item(), abs=1e-4
    )


def test_averaged_weights_lie_between() -> None:
    mean = average({"w": torch.zeros(2)}, {"w": torch.ones(2)}, 0.25)
    assert mean["w"].tolist() == [0.25, 0.25]


def test_max_similarity_weighs_by_squared_length_and_caps() -> None:
    rows = torch.tensor([[2.0, 0.0], [0.0, 1.0], [0.6, 0.8]])
    asked, told = [np.array([0, 1])], [np.array([2]), np.array([0]), np.array([1, 2])]
    scores = max_similarity(rows, asked, told, cap=0.7)
    # passage 0: cosines .6 and .8 (capped at .7), weights 4 and 1
    assert scores[0].tolist() == pytest.approx(
        [(4 * 0.6 / 0.7 + 1) / 5, 4 / 5, (4 * 0.6 / 0.7 + 1) / 5]
    )


def test_the_search_matches_words_as_the_training_does() -> None:
    twin = StaticVectors(MODEL / "static")
    rows, tokenizer = load_static(MODEL / "static")
    question = "Di mana Sekretariat ASEAN berada?"
    passages = ["The ASEAN Secretariat is in Jakarta.", "Harga beras naik.", "Sekretariat ASEAN"]
    asked = twin.distinct([question])[0]
    similar = twin.similarities(asked, twin.distinct(passages), [0, 1, 2])
    searched = similar @ twin.weights(asked) / twin.weights(asked).sum()
    trained = max_similarity(
        rows, distinct_ids(tokenizer, [question]), distinct_ids(tokenizer, passages), CAP
    )
    np.testing.assert_allclose(searched, trained[0].numpy(), atol=0.02)
    assert searched[0] > searched[1]


def test_the_second_lesson_draws_a_word_to_its_translation() -> None:
    tokenizer = tokenizer_of([*SPECIAL, "kapan", "when", "where", "noise"])
    rows = torch.eye(9, 4)
    rows[5:] = torch.eye(4) + 0.2
    pairs = [("kapan", "when noise"), ("where", "where noise")] * 4
    settings = replace(RECIPE.late, epochs=20, batch=2, learning_rate=0.02)
    random.seed(0)
    trained = train_late(rows, tokenizer, pairs, settings, seed=0)
    cosine = torch.nn.functional.cosine_similarity
    assert cosine(trained[5], trained[6], 0) > cosine(rows[5], rows[6], 0) + 0.02


def test_static_folder_keeps_the_rows(tmp_path: Path) -> None:
    tokenizer = tokenizer_of([*SPECIAL, "satu", "dua"])
    rows = torch.randn(7, 16)
    save_static(rows, tokenizer, tmp_path)
    again, read = load_static(tmp_path)
    assert read.encode("Dua", add_special_tokens=False).ids == [6]
    step = rows.abs().amax(dim=1) / 127
    assert bool(((again - rows).abs().amax(dim=1) <= 0.51 * step).all())


def test_a_planted_leak_is_found(tmp_path: Path) -> None:
    question = "Kapan gedung baru Sekretariat ASEAN diresmikan?"
    body = " ".join(f"kata{number}" for number in range(30))
    (tmp_path / "q.jsonl").write_text(json.dumps({"question": question}) + "\n", "utf-8")
    (tmp_path / "a.md").write_text(f"---\ntitle: x\n---\n{body}\n", "utf-8")
    protected = leakage.read_protected([tmp_path])
    planted = [
        ("exact", "kapan gedung baru sekretariat asean diresmikan"),
        ("partly", "lain " + " ".join(body.split()[5:25])),
        ("clean", "Kapan gedung lama sekretariat diresmikan?"),
        ("few words", "satu dua " + " ".join(body.split()[:8]) + " tiga" * 9),
    ]
    assert [leak.source for leak in protected.leaks(planted)] == ["exact", "partly"]
    kept = leakage.drop_leaks(
        [Translation("aman", "safe", "toy"), Translation(question, "When?", "toy")],
        protected,
    )
    assert [pair.indonesian for pair in kept] == ["aman"]
    with pytest.raises(TrainingError, match="no evaluation texts"):
        leakage.read_protected([tmp_path / "nothing"])


def test_bundled_files_are_readable_and_small() -> None:
    files = [path for path in MODEL.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) <= 80_000_000
    assert all(path.stat().st_mode & 0o044 == 0o044 for path in files)


def test_tokenizer_knows_colloquial_indonesian_and_the_field() -> None:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(MODEL / "tokenizer.json"))
    for word in ("gimana", "nggak", "asean", "sekretariat", "ktt", "yang", "summit"):
        assert tokenizer.encode(word, add_special_tokens=False).tokens == [word]
    for text in ("Ke mana “delegasi” pergi – dan kapan?", "Café à Phnom Penh, €5…"):
        assert "[UNK]" not in tokenizer.encode(text).tokens


TEXTS = [
    "Kapan KTT ASEAN ke-43 digelar?",
    "Where is the ASEAN Secretariat?",
    "gmn cara daftar magang di sekretariat asean",
    "Timor-Leste joined ASEAN as its eleventh member on 26 October 2025 in Kuala Lumpur.",
    "Piagam ASEAN mulai berlaku pada 15 Desember 2008 setelah disahkan oleh semua anggota.",
    "visa",
    "Apa saja tiga pilar Komunitas ASEAN?",
    "The leaders discussed the South China Sea and the Five-Point Consensus on Myanmar.",
    "Lalu lintas di sekitar Jakarta Convention Center dialihkan selama pertemuan berlangsung.",
    "AIPA, RCEP, ACMECS & CPR: what do they stand for?",
]


@pytest.mark.slow
def test_the_bundled_onnx_file_gives_the_models_vectors() -> None:
    from sentence_transformers import SentenceTransformer

    from index.encoder import load_encoder

    texts = TEXTS + [f"{a} {b} {a}" for a, b in zip(TEXTS, reversed(TEXTS), strict=True)]
    exact = SentenceTransformer(str(MODEL), device="cpu").encode(texts, normalize_embeddings=True)
    ours = load_encoder().encode_passages(texts)
    assert ours.shape == exact.shape
    cosines = (ours * exact).sum(axis=1)
    assert cosines.mean() >= 0.98
    assert cosines.min() >= 0.96


@pytest.mark.slow
def test_the_static_twin_loads_with_sentence_transformers() -> None:
    from sentence_transformers import SentenceTransformer

    rows, tokenizer = load_static(MODEL / "static")
    model = SentenceTransformer(str(MODEL / "static"), device="cpu")
    ids = tokenizer.encode(TEXTS[0], add_special_tokens=False).ids
    np.testing.assert_allclose(model.encode(TEXTS[0]), rows[ids].mean(dim=0), rtol=1e-4, atol=1e-5)
