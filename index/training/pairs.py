"""What the static twin and the question–passage stage pair up, from the same data."""

import random

from index.training.data import QuestionPassage, Translation


def cloze(
    pairs: list[Translation], count: int, sentences: tuple[int, int], seed: int
) -> list[tuple[str, str]]:
    """Inverse cloze task across languages: a sentence, and its paragraph without it.

    Lee, Chang and Toutanova (2019), "Latent Retrieval for Weakly Supervised Open Domain Question
    Answering"; here each side is Indonesian or English by the toss of a coin.
    """
    picker = random.Random(seed)
    running = [index for index, pair in enumerate(pairs) if pair.source not in _LOOSE]
    made = []
    for _ in range(count if running else 0):
        start, length = picker.choice(running), picker.randint(*sentences)
        run = [pair for pair in pairs[start : start + length] if pair.source == pairs[start].source]
        if len(run) < 2:
            continue
        asked = run.pop(picker.randrange(len(run)))
        question = picker.choice((asked.indonesian, asked.english))
        foreign = picker.random() < 0.5
        passage = " ".join(pair.indonesian if foreign else pair.english for pair in run)
        made.append((question, passage))
    return made


_LOOSE = {"tatoeba_anki", "tydiqa_translated", "talpco", "own_sentences", "nusax_mt", "tldr_pages"}


def late_pairs(
    translations: list[Translation], asked: list[QuestionPassage], count: int, seed: int
) -> list[tuple[str, str]]:
    """Questions with their passages, and `count` sentences with a paragraph that says the same.

    Four in five of the sentences are in the other language than the paragraph.
    """
    picker = random.Random(seed)
    running = [index for index, pair in enumerate(translations) if pair.source not in _SHORT]
    pairs = [(pair.question, pair.passage) for pair in asked]
    wanted = len(pairs) + (count if running else 0)
    while len(pairs) < wanted:
        at, length = picker.choice(running), picker.randint(2, 5)
        said = translations[at]
        start = max(0, at - picker.randrange(length))
        run = [pair for pair in translations[start : start + length] if pair.source == said.source]
        foreign = picker.random() < 0.5
        question = said.indonesian if foreign else said.english
        in_english = foreign if picker.random() < 0.8 else not foreign
        if 3 <= len(question.split()) <= 25:
            passage = " ".join(pair.english if in_english else pair.indonesian for pair in run)
            pairs.append((question, passage))
    return pairs


_SHORT = {"tatoeba_anki", "tydiqa_translated", "talpco"}


def static_pairs(
    translations: list[Translation],
    lexicon: list[Translation],
    asked: list[QuestionPassage],
    made: list[Translation],
    seed: int,
) -> list[tuple[str, str]]:
    """All pairs of texts that belong together: translations, questions, paragraphs, cloze."""
    pairs = [(pair.indonesian, pair.english) for pair in [*translations, *lexicon, *made]]
    pairs += [(pair.question, pair.passage) for pair in asked]
    pairs += cloze(translations, len(translations) // 5, (2, 5), seed)
    return [pair for pair in pairs if pair[0].strip() and pair[1].strip()]
