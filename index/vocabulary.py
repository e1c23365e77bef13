"""The words of a corpus as tables that can be mapped: which there are, and which lie one slip away.

Each table is sorted by a hash of 64 bits; who finds a word by its hash compares the words themselves.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corpus.article import LANGUAGES
from corpus.passage import Passage
from corpus.words import words
from index.columns import Columns, offsets
from index.lexicon import Stems

SHORTEST = 4
"""Letters of the shortest word that is mended."""

COLUMNS = (
    "word_letters",  # of all words, UTF-8, one after the other
    "word_starts",
    "word_counts",
    "word_places",  # ENTRY of each word
    "word_stems",  # hashes of the stems of all words
    "word_slips",  # ENTRY of each long word and of what remains of it without one letter
    "word_skeletons",  # ENTRY of the consonants of each long word
)
ENTRY = np.dtype([("hash", "<u8"), ("word", "<i4")])

_VOWELS = re.compile("[aeiou]")
_FACTOR, _MIX = 0x9E3779B97F4A7C15, 0xD6E8FEB86659FD93
_BITS = (1 << 64) - 1


class Vocabulary:
    """Words of letters only, with how often each occurs. Never changes; safe to use from threads."""

    def __init__(self, columns: Columns) -> None:
        self._letters = columns["word_letters"]
        self._starts = columns["word_starts"]
        self._counts = columns["word_counts"]
        self._places = columns["word_places"]
        self._stems = columns["word_stems"]
        self._slips = columns["word_slips"]
        self._skeletons = columns["word_skeletons"]

    @classmethod
    def of(cls, counts: Mapping[str, int]) -> Vocabulary:
        """Of those of `counts` that are letters only."""
        return cls(vocabulary_columns(counts))

    def __len__(self) -> int:
        return len(self._counts)

    def items(self) -> Iterator[tuple[str, int]]:
        """Each word and how often it occurs."""
        letters, starts = self._letters.tobytes(), self._starts.tolist()
        for place, count in enumerate(self._counts.tolist()):
            yield letters[starts[place] : starts[place + 1]].decode(), count

    def count(self, word: str) -> int | None:
        """How often `word` occurs; None where it is none of the words."""
        for place in _under(self._places, word):
            if self._word(place) == word:
                return int(self._counts[place])
        return None

    def stems_as(self, stem: str) -> bool:
        """Whether the stem of any word, in either language, is `stem`."""
        wanted = np.uint64(_hash(stem))
        at = int(np.searchsorted(self._stems, wanted))
        return at < len(self._stems) and bool(self._stems[at] == wanted)

    def near(self, word: str) -> set[str]:
        """Long words that are `word`, or share with it what remains without a letter."""
        return {
            self._word(place) for form in deletions(word) for place in _under(self._slips, form)
        }

    def with_skeleton(self, letters: str) -> set[str]:
        """Long words of which `letters` remains without vowels."""
        found = (self._word(place) for place in _under(self._skeletons, letters))
        return {word for word in found if skeleton(word) == letters}

    def _word(self, place: int) -> str:
        return self._letters[self._starts[place] : self._starts[place + 1]].tobytes().decode()


def count_words(passages: Iterable[Passage]) -> Counter[str]:
    """How often each word of letters only occurs in `passages`."""
    found = Counter(word for passage in passages for word in words(passage.embedded_text))
    return Counter({word: count for word, count in found.items() if word.isalpha()})


def vocabulary_columns(counts: Mapping[str, int]) -> dict[str, NDArray[Any]]:
    """The columns of the words of `counts` that are letters only."""
    every = [word for word in counts if word.isalpha()]
    encoded = [word.encode() for word in every]
    stems = [_hashes(Stems(language)(every)) for language in LANGUAGES]
    long = np.array([at for at, word in enumerate(every) if len(word) >= SHORTEST], np.int32)
    mendable = [every[at] for at in long.tolist()]
    return {
        "word_letters": np.frombuffer(b"".join(encoded), np.uint8),
        "word_starts": offsets([len(word) for word in encoded]),
        "word_counts": np.array([counts[word] for word in every], np.int64),
        "word_places": _table(_hashes(every), np.arange(len(every), dtype=np.int32)),
        "word_stems": np.unique(np.concatenate(stems)),
        "word_slips": _slips(mendable, long),
        "word_skeletons": _table(_hashes([skeleton(word) for word in mendable]), long),
    }


def deletions(word: str) -> set[str]:
    """`word`, and what remains of it without one letter: words one slip apart share such a form."""
    return {word} | {word[:at] + word[at + 1 :] for at in range(len(word))}


def skeleton(word: str) -> str:
    """Its first letter and the consonants after it: what chat spelling leaves of a word."""
    consonants: str = _VOWELS.sub("", word[1:])
    return word[:1] + consonants


def _under(table: NDArray[Any], form: str) -> list[int]:
    wanted = np.uint64(_hash(form))
    hashes = table["hash"]
    first, last = (int(np.searchsorted(hashes, wanted, side)) for side in ("left", "right"))
    found: list[int] = table["word"][first:last].tolist()
    return found


def _table(hashes: NDArray[np.uint64], of: NDArray[np.int32]) -> NDArray[Any]:
    table = np.empty(len(hashes), ENTRY)
    order = np.argsort(hashes, kind="stable")
    table["hash"], table["word"] = hashes[order], of[order]
    return table


def _hash(word: str) -> int:
    """A polynomial of the letters, then mixed: as `_hashes` has it of many."""
    found = len(word)
    for letter in word:
        found = (found * _FACTOR + ord(letter)) & _BITS
    found = ((found ^ (found >> 32)) * _MIX) & _BITS
    return found ^ (found >> 32)


def _hashes(every: list[str]) -> NDArray[np.uint64]:
    found = np.empty(len(every), np.uint64)
    for rows, letters in _by_length(every):
        found[rows] = _polynomial(letters, range(letters.shape[1]))
    return found


def _slips(every: list[str], of: NDArray[np.int32]) -> NDArray[Any]:
    hashes, words_ = [np.empty(0, np.uint64)], [np.empty(0, np.int32)]
    for rows, letters in _by_length(every):
        columns = range(letters.shape[1])
        for without in (-1, *columns):
            hashes.append(_polynomial(letters, [at for at in columns if at != without]))
            words_.append(of[rows])
    # Without either of two equal letters the same remains: once is enough.
    return np.unique(_table(np.concatenate(hashes), np.concatenate(words_)))


def _by_length(every: list[str]) -> Iterator[tuple[NDArray[np.int64], NDArray[np.uint64]]]:
    """Places of the words of each length, and their letters, (words, length)."""
    lengths = np.array([len(word) for word in every])
    for length in np.unique(lengths).tolist():
        rows = np.flatnonzero(lengths == length)
        joined = "".join(every[row] for row in rows.tolist())
        letters = np.frombuffer(joined.encode("utf-32-le"), np.uint32).reshape(len(rows), length)
        yield rows, letters.astype(np.uint64)


def _polynomial(letters: NDArray[np.uint64], columns: range | list[int]) -> NDArray[np.uint64]:
    found = np.full(len(letters), len(columns), np.uint64)
    for column in columns:
        found = found * np.uint64(_FACTOR) + letters[:, column]
    found = (found ^ (found >> np.uint64(32))) * np.uint64(_MIX)
    return found ^ (found >> np.uint64(32))
