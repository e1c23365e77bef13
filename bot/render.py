"""From an `Answer` to one Telegram message: HTML, the same as plain text, and its buttons."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

from telegram import InlineKeyboardButton, InlineKeyboardMarkup
from telegram.constants import MessageLimit

from bot.keyboard import Rows, View, address, keyboard, source_rows, view_row
from bot.markup import (
    ELLIPSIS,
    clean,
    escaped,
    excerpt,
    link,
    one_line,
    plain,
    shorten,
    units,
    visible,
)
from bot.message import Messages
from index.answer import Answer, AnswerPassage

LIMIT = int(MessageLimit.MAX_TEXT_LENGTH)
"""Longest message, in UTF-16 units after the entities are parsed."""

RELATED = "ask:"
"""Begins the callback data of a button that asks a related question."""

_LETTERS = "ABCDE"
_TITLE, _PUBLISHER, _RELATED, _MESSAGE, _NOTICE = 160, 60, 200, 800, 300
_ASKED = 1200
"""Longest question put on top; longer ones cannot be read back from the message."""
_ALSO = 3
"""Most other reports of a passage that are named; of the rest the number is said."""
_FOLD = 90
"""A sentence that begins after so many units is not seen in the three lines of a folded quote."""
_LEAST_TEXT = 120
"""A passage is left out rather than shown in fewer units than this."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """One message. `html` has at most `LIMIT` units after parsing, `plain` has at most `LIMIT`."""

    html: str
    plain: str
    keyboard: InlineKeyboardMarkup | None

    @classmethod
    def of(cls, html: str, keyboard: InlineKeyboardMarkup | None = None) -> Rendered:
        """The message of a short `html`."""
        return cls(html, plain(html, LIMIT), keyboard)


def render(
    answer: Answer,
    messages: Messages,
    asked: str | None = None,
    view: View | None = None,
    below: Rows = (),
    days: int = 0,
) -> Rendered:
    """The message that shows `answer` in the language of `messages`.

    `asked` is set where the question is not in the chat (a button was tapped): it is put on top.
    `view` is how the answer is looked at; with it come the buttons that change that. `below` are rows
    of buttons to put last, `days` what "recent" means.
    """
    head = []
    if read_as := one_line(answer.read_as or "", _ASKED):
        head.append(f"<i>{messages.say('read_as', question=read_as)}</i>")
    elif asked is not None:
        head.append(f"<i>{messages.say('asked', question=one_line(asked, _ASKED))}</i>")
    related = _related(answer)
    if answer.outcome in ("answered", "partly") and answer.passages:
        head.append(_found(answer, messages))
        if notice := one_line(answer.notice or "", _NOTICE):
            head.append(f"⚠️ {escaped(notice)}")
        if view is not None and view.recent:
            head.append(f"🕑 {messages.say('only_recent', days=days)}")
        tail = [*_related_lines(related, messages.say("related_more"))]
        tail.append(f"<i>{messages.say('note')}</i>")
        shown, body = _passages(answer, messages, LIMIT - _length([*head, "", *tail]))
    else:
        social = answer.outcome == "social"
        head.append(_said(answer) or messages.say("social" if social else "unknown"))
        tail = [*_related_lines(related, messages.say("related_social" if social else "related"))]
        # Who only said hello was refused nothing.
        if messages.contact and not social and messages.contact not in (answer.message or ""):
            tail.append(messages.say("contact"))
        shown, body = [], []
    views = view_row(answer, messages, view) if view is not None and shown else []
    rows = [*source_rows(shown), *([views] if views else []), *_related_rows(related), *below]
    return Rendered.of("\n\n".join([*head, *body, *tail]), keyboard(rows))


def questions(title: str, offered: Sequence[str]) -> tuple[str, Rows]:
    """`offered` under `title` as Telegram HTML, and the row of buttons that ask them."""
    fitting = fitting_questions(offered)
    return "\n".join(_related_lines(fitting, title)), _related_rows(fitting)


def related_question(text: str, data: str) -> str | None:
    """The question behind a button, read back from the message that carries the button.

    Nothing is remembered for it, so buttons outlive a restart. None where `text` does not hold it.
    """
    for line in text.splitlines():
        match = re.fullmatch(rf"[{_LETTERS}]\. (.+)", line)
        if match and _key(match[1]) == data:
            return match[1]
    return None


def _length(parts: list[str]) -> int:
    return units(visible("\n\n".join(parts)))


def _said(answer: Answer) -> str:
    """The answer's own message, or ""."""
    return escaped(shorten(clean(answer.message or "").strip(), _MESSAGE))


def _found(answer: Answer, messages: Messages) -> str:
    """The heading over passages, which must not promise more than they hold."""
    if answer.outcome == "partly":
        return f"🔎 {_said(answer) or messages.say('partly')}"
    return messages.say("found")


def _related(answer: Answer) -> list[str]:
    return fitting_questions(answer.related)


def fitting_questions(offered: Sequence[str]) -> list[str]:
    """Those that fit on a line; a question cut short would ask something else."""
    lines = [one_line(question, _RELATED + 1) for question in offered]
    return [line for line in lines if line and units(line) <= _RELATED][: len(_LETTERS)]


def _related_lines(related: list[str], title: str) -> list[str]:
    if not related:
        return []
    lines = [
        f"{letter}. {escaped(question)}"
        for letter, question in zip(_LETTERS, related, strict=False)
    ]
    return ["\n".join([title, *lines])]


def _passages(
    answer: Answer, messages: Messages, room: int
) -> tuple[list[AnswerPassage], list[str]]:
    """As many passages as `room` units hold, best first, and their HTML."""
    passages = list(answer.passages)
    while passages:
        headings = [_heading(n, p, messages) for n, p in enumerate(passages, start=1)]
        # Between head, passages and tail stand empty lines; after a heading, a line break.
        free = room - sum(units(visible(heading)) + 3 for heading in headings)
        if len(passages) == 1 or free >= _LEAST_TEXT * len(passages):
            break
        passages.pop()
    quotes = []
    for n, passage in enumerate(passages):
        # Equal shares of what is left: what a short passage does not use goes to those after it.
        share = max(0, free) // (len(passages) - n)
        quote = _quote(passage, share, folded=n > 0)
        free -= units(visible(quote))
        quotes.append(quote)
    return passages, [f"{h}\n{q}" for h, q in zip(headings, quotes, strict=True)]


def _quote(passage: AnswerPassage, limit: int, folded: bool) -> str:
    """The passage with its marked sentence, in at most `limit` units.

    Passages after the first fold to three lines, so that a phone shows the whole answer at a glance.
    Where the marked sentence would vanish in the fold, it stands on top as well.
    """
    before, marked, after = _split(passage, limit)
    lead = ""
    if folded and marked and units(before) > _FOLD:
        room = limit - units(marked) - 2
        shorter = _split(passage, room)
        if room >= units(marked) + _FOLD and units(shorter[0]) > _FOLD:
            lead = f"<b>{escaped(marked.strip())}</b>\n\n"
            before, marked, after = shorter
        else:
            before = f"{ELLIPSIS} "
    strong = f"<b>{escaped(marked)}</b>" if marked else ""
    tag = "<blockquote expandable>" if folded else "<blockquote>"
    return f"{tag}{lead}{escaped(before)}{strong}{escaped(after)}</blockquote>"


def _split(passage: AnswerPassage, limit: int) -> tuple[str, str, str]:
    text, mark = passage.text, passage.highlight
    start = max(0, min(mark.start, len(text)))
    end = max(start, min(mark.end, len(text)))
    return excerpt(clean(text[:start]), clean(text[start:end]), clean(text[end:]), limit)


def _heading(number: int, passage: AnswerPassage, messages: Messages) -> str:
    title = one_line(passage.title, _TITLE) or one_line(passage.article, _TITLE) or "–"
    title = link(address(passage) or "", title)
    about = [escaped(one_line(passage.source.publisher, _PUBLISHER))]
    day = messages.day(passage.source.published)
    about.append(f"{day} ({messages.say('old')})" if passage.old else day)
    if passage.translated and passage.original is not None:
        language = messages.called(passage.original.language)
        about.append(messages.say("translated", language=language))
    elif passage.language != messages.language:
        about.append(messages.say("written_in", language=messages.called(passage.language)))
    heading = f"<b>{number}. {title}</b>\n{' · '.join(part for part in about if part)}"
    return f"{heading}\n{_also(passage, messages)}" if passage.also else heading


def _also(passage: AnswerPassage, messages: Messages) -> str:
    """Who else tells the same story, each with a link where there is one."""
    named = []
    for source in passage.also[:_ALSO]:
        publisher = link(source.url, one_line(source.publisher, _PUBLISHER) or "–")
        named.append(f"{publisher} ({messages.day(source.published)})")
    if len(passage.also) > _ALSO:
        named.append(messages.say("also_more", n=len(passage.also) - _ALSO))
    return messages.say("also") + " " + ", ".join(named)


def _related_rows(related: list[str]) -> list[list[InlineKeyboardButton]]:
    if not related:
        return []
    return [
        [
            InlineKeyboardButton(letter, callback_data=_key(question))
            for letter, question in zip(_LETTERS, related, strict=False)
        ]
    ]


def _key(question: str) -> str:
    """Callback data. Telegram allows 64 bytes of it: a question goes by its hash."""
    return RELATED + blake2b(question.encode(), digest_size=12).hexdigest()
