"""`@bot question` in any chat: passages to choose from, which are then sent there in the person's name."""

from __future__ import annotations

import logging
from dataclasses import replace

from telegram import (
    InlineQueryResultArticle,
    InlineQueryResultsButton,
    InputTextMessageContent,
    LinkPreviewOptions,
    Update,
)
from telegram.constants import ParseMode
from telegram.error import BadRequest

from bot.discretion import LOG
from bot.keyboard import address, keyboard, source_rows
from bot.markup import one_line
from bot.message import Messages
from bot.render import render
from bot.talk import Context, Talk
from index.answer import Answer, AnswerPassage
from index.generation import NoIndexError
from index.question import QuestionError, check_question

CACHE_SECONDS = 300
"""Telegram answers the same words for so long by itself, for everybody."""
_SHORTEST = 3
_BUTTON, _TITLE, _DESCRIPTION = 64, 80, 160


class Inline:
    """The handlers of inline mode."""

    def __init__(self, talk: Talk) -> None:
        self._talk = talk

    async def query(self, update: Update, context: Context) -> None:
        """What somebody is typing. Telegram waits for a pause before it asks us."""
        query = update.inline_query
        assert query is not None  # the handler sees to it
        messages = self._talk.interface(update)
        results: list[InlineQueryResultArticle] = []
        lasting = True
        try:
            question = check_question(query.query, self._talk.settings.max_question)
            if len(question) >= _SHORTEST:
                # In the question's own language, not the person's choice: others get the same.
                answer, _ = await self._talk.ask(question, None, self._talk.settings.k)
                messages = self._talk.messages.get(answer.language, messages)
                results = _results(answer, question, messages)
        except QuestionError:
            pass
        except NoIndexError as error:
            LOG.warning("An inline question stays unanswered: %s", error)
            lasting = False
        label = messages.button("inline") if results else messages.button("inline_start")
        try:
            await query.answer(
                results,
                cache_time=CACHE_SECONDS if lasting else 0,
                is_personal=not results,
                button=InlineQueryResultsButton(one_line(label, _BUTTON), start_parameter="inline"),
            )
        except BadRequest as error:  # above all "query is too old"
            level = logging.DEBUG if "too old" in error.message else logging.WARNING
            LOG.log(level, "Telegram did not take inline results (BadRequest).")

    async def chosen(self, update: Update, context: Context) -> None:
        """What somebody sent from it. Only this is noted: the rest was half a question."""
        chosen = update.chosen_inline_result
        assert chosen is not None  # the handler sees to it
        if self._talk.journal is None:
            return
        try:
            answer, seconds = await self._talk.ask(chosen.query, None, self._talk.settings.k)
        except (QuestionError, NoIndexError):
            return
        await self._talk.note(answer, "inline", chosen.from_user.id, seconds)


def _results(answer: Answer, question: str, messages: Messages) -> list[InlineQueryResultArticle]:
    # Its buttons would have to be answered by us in chats that we cannot see.
    answer = replace(answer, related=())
    if answer.outcome == "social":
        return []
    if not answer.passages:
        said = one_line(answer.message or "", _DESCRIPTION)
        return [_article("none", messages.button("inline_none"), said, answer, question, messages)]
    results = []
    if len(answer.passages) > 1:
        title = messages.button("inline_all", n=len(answer.passages))
        results.append(
            _article("all", title, one_line(question, _DESCRIPTION), answer, question, messages)
        )
    for number, passage in enumerate(answer.passages, start=1):
        alone = replace(answer, passages=(passage,), notice=None)
        title = one_line(passage.title, _TITLE) or one_line(passage.article, _TITLE) or "–"
        results.append(
            _article(str(number), title, _description(passage, messages), alone, question, messages)
        )
    return results


def _article(
    id: str, title: str, description: str, answer: Answer, question: str, messages: Messages
) -> InlineQueryResultArticle:
    rendered = render(answer, messages, asked=question)
    first = answer.passages[0] if len(answer.passages) == 1 else None
    return InlineQueryResultArticle(
        id,
        title,
        InputTextMessageContent(
            rendered.html,
            ParseMode.HTML,
            link_preview_options=LinkPreviewOptions(is_disabled=True),
        ),
        description=description or None,
        url=address(first) if first is not None else None,
        reply_markup=keyboard(source_rows(answer.passages)),
    )


def _description(passage: AnswerPassage, messages: Messages) -> str:
    """Whose, when, and the marked sentence."""
    marked = passage.text[passage.highlight.start : passage.highlight.end]
    day = messages.day(passage.source.published)
    about = f"{one_line(passage.source.publisher, 40)} · {day}"
    return one_line(f"{about} — {marked}", _DESCRIPTION)
