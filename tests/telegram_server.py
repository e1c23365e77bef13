"""A Bot API server for tests: real HTTP, to which an unmodified python-telegram-bot talks.

    with TelegramServer() as server:
        server.say(7, "Kapan KTT ASEAN?")          # a person writes in a private chat
        message = await server.next_message()      # what the bot sends back
        server.press(message, "A")                 # the person taps a button

Chats with negative ids are groups. `fail` makes the next calls of a method go wrong.
"""

from __future__ import annotations

import asyncio
import copy
import json
import queue
import re
import socket
import struct
import threading
import time
import urllib.request
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

from tests.telegram_rules import (
    ApiError,
    Json,
    at_most,
    check_commands,
    check_inline_answer,
    check_webhook,
    checked_content,
    checked_keyboard,
    found_entities,
)

TOKEN = "987654:AAtest-token_of-a-bot-that-is-not"
BOT_ID = 987654
USERNAME = "TanyaTestBot"
_STRINGS = (
    "text",
    "description",
    "short_description",
    "callback_query_id",
    "url",
    "secret_token",
    "query",
    "inline_query_id",
)


@dataclass(frozen=True)
class Fault:
    """What goes wrong with one call: a refusal, a delay, a cut connection.

    `performed`: the call takes effect all the same, only its reply is lost or late. `then` is called when
    the call has arrived (and, if performed, taken effect), before the reply.
    """

    status: int = 0
    description: str = ""
    retry_after: int | None = None
    delay: float = 0.0
    reset: bool = False
    performed: bool = False
    then: Callable[[], None] | None = None


class TelegramServer:
    """The server in a thread of its own; a context manager. `url` is its address."""

    def __init__(self) -> None:
        self.me: Json = {"id": BOT_ID, "is_bot": True, "first_name": "Tanya", "username": USERNAME}
        self._lock = threading.Condition()
        self._calls: list[tuple[str, Json]] = []
        self._faults: dict[str, deque[Fault]] = defaultdict(deque)
        self._updates: list[Json] = []
        self._again: list[Json] = []
        self._update_id, self._message_id, self._poll = 1000, 0, 0
        self._messages: dict[tuple[int, int], Json] = {}
        self._chats: set[int] = set()
        self._webhook: Json = {}
        self._undelivered: list[Json] = []
        self._held: list[Json] | None = None
        self._sent: queue.Queue[Json] = queue.Queue()
        self._edited: queue.Queue[Json] = queue.Queue()
        self.posts_to: str | None = None
        """Where updates are posted instead of to the webhook's https address."""
        self._http = _Http(("127.0.0.1", 0), _Handler)
        self._http.telegram = self
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"

    def __enter__(self) -> TelegramServer:
        threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._poll = -1
            self._lock.notify_all()
        self._http.shutdown()
        self._http.server_close()

    # What people do

    def say(
        self,
        chat: int,
        text: str | None = None,
        *,
        user: int = 0,
        language: str | None = "id",
        reply_to: Json | None = None,
        entities: list[Json] | None = None,
        sender: Json | None = None,
        **content: Any,
    ) -> Json:
        """Someone writes `text`, or sends `content` (voice={…}); returns the message."""
        message = self._message(chat, user or abs(chat), language, text, entities)
        if reply_to is not None:
            # Telegram shows one level of replies only.
            message["reply_to_message"] = {**reply_to}
            message["reply_to_message"].pop("reply_to_message", None)
        if sender is not None:
            message["from"] = sender
        message.update(content)
        self._update("message", message)
        return message

    def edit(self, message: Json, text: str) -> None:
        """Someone edits a message of theirs."""
        with self._lock:
            # Answers quote it as it is now; we do not rely on that.
            changed = self._messages[message["chat"]["id"], message["message_id"]]
            changed.update(text=text, edit_date=int(time.time()))
            changed.pop("entities", None)
            if found := found_entities(text):
                changed["entities"] = found
            edited = copy.deepcopy(changed)
        self._update("edited_message", edited)

    def press(
        self,
        message: Json,
        button: str,
        language: str = "id",
        gone: bool = False,
        user: int | None = None,
    ) -> None:
        """Someone taps the button with the label `button`; `gone`: too old for Telegram to show."""
        rows = message["reply_markup"]["inline_keyboard"]
        data = next(b["callback_data"] for row in rows for b in row if b["text"] == button)
        self.tap(message, data, language, gone, user)

    def tap(
        self,
        message: Json,
        data: str,
        language: str = "id",
        gone: bool = False,
        user: int | None = None,
    ) -> None:
        """Someone taps a button with `data`, of the message as it is now."""
        chat, id = message["chat"], message["message_id"]
        shown = {"chat": chat, "message_id": id, "date": 0}
        if not gone:
            with self._lock:
                shown = copy.deepcopy(self._messages[chat["id"], id])
        query = {
            "id": str(self._update_id),
            "from": _user(user or abs(chat["id"]), language),
            "chat_instance": "1",
            "message": shown,
            "data": data,
        }
        self._update("callback_query", query)

    def type(self, user: int, text: str, language: str | None = "id") -> None:
        """Someone types `text` after the bot's name, in some chat."""
        query = {"id": str(self._update_id), "query": text, "offset": ""}
        self._update("inline_query", {**query, "from": _user(user, language)})

    def choose(self, user: int, text: str, result: str) -> None:
        """Someone sends the result of what they typed."""
        chosen = {"result_id": result, "query": text, "from": _user(user, "id")}
        self._update("chosen_inline_result", chosen)

    def delete(self, message: Json) -> None:
        """Someone deletes a message."""
        with self._lock:
            del self._messages[message["chat"]["id"], message["message_id"]]

    def raw(self, update: Json) -> None:
        """Hand out `update` as it is."""
        with self._lock:
            self._again.append(update)
            self._lock.notify_all()

    def redeliver(self) -> None:
        """Hand out the latest update once more, as Telegram does when a confirmation is lost."""
        with self._lock:
            if self._webhook.get("url"):
                return self._post(self._last)
            self._again.append(self._last)
            self._lock.notify_all()

    def hold(self) -> AbstractContextManager[None]:
        """Within it nothing is handed out; what happened comes all at once, the latest first."""

        @contextmanager
        def held() -> Iterator[None]:
            with self._lock:
                self._held = []
            yield
            with self._lock:
                late, self._held = self._held, None
                if self._webhook.get("url"):
                    for update in reversed(late or []):
                        self._post(update)
                else:
                    self._updates += reversed(late or [])
                    self._lock.notify_all()

        return held()

    def deliver_again(self) -> int:
        """Post once more what a webhook did not take; how many remain."""
        with self._lock:
            late, self._undelivered = self._undelivered, []
        for update in late:
            self._post(update)
        return len(self._undelivered)

    # What tests ask

    async def next_message(self, within: float = 15.0) -> Json:
        """The next message that the bot sent; TimeoutError where there is none."""
        try:
            return await asyncio.to_thread(self._sent.get, timeout=within)
        except queue.Empty:
            raise TimeoutError(f"the bot sent no message within {within} s") from None

    async def next_edit(self, within: float = 15.0) -> Json:
        """The next message that the bot changed, as it is now; TimeoutError where there is none."""
        try:
            return await asyncio.to_thread(self._edited.get, timeout=within)
        except queue.Empty:
            raise TimeoutError(f"the bot changed no message within {within} s") from None

    def everything_sent(self) -> list[Json]:
        """Every message of the bot that is in a chat, as it is now, in order."""
        with self._lock:
            ours = [m for m in self._messages.values() if m["from"]["id"] == BOT_ID]
            return copy.deepcopy(sorted(ours, key=lambda message: message["message_id"]))

    def calls(self, method: str) -> list[Json]:
        """The parameters of every call of `method` so far, refused ones included."""
        with self._lock:
            return [parameters for name, parameters in self._calls if name == method]

    async def called(self, method: str, times: int = 1, within: float = 15.0) -> list[Json]:
        """Wait until `method` was called so often; returns its calls."""
        end = time.monotonic() + within
        while len(calls := self.calls(method)) < times:
            if time.monotonic() > end:
                raise TimeoutError(f"{method} was called {len(calls)} times, not {times}")
            await asyncio.sleep(0.01)
        return calls

    def fail(self, method: str, *faults: Fault) -> None:
        """The next calls of `method` go wrong, one fault each."""
        with self._lock:
            self._faults[method].extend(faults)

    # The API

    def handle(self, token: str, method: str, parameters: Json) -> object:
        """Answer one call; ApiError where it is refused."""
        if token != TOKEN:
            known = re.fullmatch(r"\d+:[\w-]+", token)
            raise ApiError(401, "Unauthorized") if known else ApiError(404, "Not Found")
        api: Callable[[Json], object] | None = getattr(self, f"_api_{method}", None)
        if api is None:
            raise ApiError(404, "Not Found")
        with self._lock:
            self._calls.append((method, parameters))
            fault = self._faults[method].popleft() if self._faults[method] else Fault()
        if fault.performed:
            api(parameters)
        if fault.then is not None:
            fault.then()
        time.sleep(fault.delay)
        if fault.reset:
            raise ConnectionResetError
        if fault.status:
            raise ApiError(fault.status, fault.description or "Fault", fault.retry_after)
        return True if fault.performed else api(parameters)

    def _api_getMe(self, parameters: Json) -> object:
        return {
            **self.me,
            "can_join_groups": True,
            "can_read_all_group_messages": False,
            "supports_inline_queries": True,
        }

    def _api_getUpdates(self, parameters: Json) -> object:
        if self._webhook.get("url"):
            raise ApiError(409, "Conflict: can't use getUpdates method while webhook is active")
        offset, end = parameters.get("offset", 0), time.monotonic() + parameters.get("timeout", 0)
        wanted = parameters.get("allowed_updates")
        with self._lock:
            self._poll += 1
            mine = self._poll
            self._lock.notify_all()
            while True:
                if self._poll != mine:
                    raise ApiError(
                        409,
                        "Conflict: terminated by other getUpdates request; "
                        "make sure that only one bot instance is running",
                    )
                self._updates = [u for u in self._updates if u["update_id"] >= offset]
                ready = [u for u in self._updates if not wanted or set(wanted) & set(u)]
                ready, self._again = self._again + ready, []
                if ready or time.monotonic() >= end:
                    return ready[: parameters.get("limit", 100)]
                self._lock.wait(end - time.monotonic())

    def _api_sendMessage(self, parameters: Json) -> object:
        chat, replied = parameters["chat_id"], None
        if chat not in self._chats:
            raise ApiError(400, "Bad Request: chat not found")
        if reply := parameters.get("reply_parameters"):
            replied = self._messages.get((chat, reply["message_id"]))
            if replied is None and not reply.get("allow_sending_without_reply"):
                raise ApiError(400, "Bad Request: message to be replied not found")
        content = checked_content(parameters)
        with self._lock:
            message = self._message(chat, BOT_ID, None, None, None)
            message.update(content, **{"from": self.me})
            if replied is not None:
                # Telegram shows one level of replies only.
                message["reply_to_message"] = {
                    key: value for key, value in replied.items() if key != "reply_to_message"
                }
            self._sent.put(copy.deepcopy(message))  # a later edit must not change it
            return message

    def _api_editMessageText(self, parameters: Json) -> object:
        return self._edit(parameters, ("text", "entities", "reply_markup"), checked_content)

    def _api_editMessageReplyMarkup(self, parameters: Json) -> object:
        def content(parameters: Json) -> Json:
            markup = checked_keyboard(parameters.get("reply_markup"))
            return {"reply_markup": markup} if markup else {}

        return self._edit(parameters, ("reply_markup",), content)

    def _edit(
        self, parameters: Json, keys: tuple[str, ...], checked: Callable[[Json], Json]
    ) -> Json:
        with self._lock:
            message = self._messages.get((parameters["chat_id"], parameters["message_id"]))
            if message is None:
                raise ApiError(400, "Bad Request: message to edit not found")
            if message["from"]["id"] != BOT_ID:
                raise ApiError(400, "Bad Request: message can't be edited")
            content = checked(parameters)
            if all(message.get(key) == content.get(key) for key in keys):
                raise ApiError(
                    400,
                    "Bad Request: message is not modified: specified new message content and reply "
                    "markup are exactly the same as a current content and reply markup",
                )
            for key in keys:
                message.pop(key, None)
            message.update(content, edit_date=int(time.time()))
            self._edited.put(copy.deepcopy(message))
            return message

    def _api_answerInlineQuery(self, parameters: Json) -> object:
        check_inline_answer(parameters)
        return True

    def _api_setWebhook(self, parameters: Json) -> object:
        check_webhook(parameters)
        self._webhook = parameters
        return True

    def _api_deleteWebhook(self, parameters: Json) -> object:
        self._webhook = {}
        return True

    def _api_getWebhookInfo(self, parameters: Json) -> object:
        return {
            "url": self._webhook.get("url", ""),
            "has_custom_certificate": False,
            "pending_update_count": len(self._updates),
        }

    def _api_setMyCommands(self, parameters: Json) -> object:
        check_commands(parameters)
        return True

    def _api_setMyDescription(self, parameters: Json) -> object:
        return at_most(512, parameters.get("description", ""))

    def _api_setMyShortDescription(self, parameters: Json) -> object:
        return at_most(120, parameters.get("short_description", ""))

    def _api_answerCallbackQuery(self, parameters: Json) -> object:
        return at_most(200, parameters.get("text", ""))

    def _api_sendChatAction(self, parameters: Json) -> object:
        return True

    # Messages and updates

    def _message(
        self, chat: int, user: int, language: str | None, text: str | None, entities: Any
    ) -> Json:
        with self._lock:
            self._message_id += 1
            kind = {"type": "private"} if chat > 0 else {"type": "supergroup", "title": "Warga"}
            message: Json = {
                "message_id": self._message_id,
                "date": int(time.time()),
                "chat": {"id": chat, **kind},
                "from": _user(user, language),
            }
            if text is not None:
                message["text"] = text
                if found := entities if entities is not None else found_entities(text):
                    message["entities"] = found
            self._chats.add(chat)
            self._messages[chat, self._message_id] = message
            return message

    def _update(self, kind: str, content: Json) -> None:
        with self._lock:
            self._update_id += 1
            # A copy: what is edited later was not so when it was sent.
            self._last: Json = {"update_id": self._update_id, kind: copy.deepcopy(content)}
            if self._held is not None:
                return self._held.append(self._last)
            if not self._webhook.get("url"):
                self._updates.append(self._last)
                return self._lock.notify_all()
        self._post(self._last)

    def _post(self, update: Json) -> None:
        """Post `update` to the webhook; what it does not take waits for `deliver_again`."""
        headers = {"Content-Type": "application/json"}
        if secret := self._webhook.get("secret_token"):
            headers["X-Telegram-Bot-Api-Secret-Token"] = secret
        address = self.posts_to or str(self._webhook["url"])
        request = urllib.request.Request(address, json.dumps(update).encode(), headers)
        try:
            urllib.request.urlopen(request, timeout=10).close()
        except OSError:
            self._undelivered.append(update)


def _user(user: int, language: str | None) -> Json:
    person: Json = {"id": user, "is_bot": False, "first_name": "Warga"}
    return person if language is None else {**person, "language_code": language}


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    telegram: TelegramServer

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up in the middle of a long poll is nothing to report."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Head and body are two writes: with Nagle's algorithm the second waits 40 ms for an ACK.
    disable_nagle_algorithm = True
    server: _Http

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length).decode()
        parameters = {
            key: _value(key, value) for key, value in parse_qsl(body, keep_blank_values=True)
        }
        match = re.fullmatch(r"/bot([^/]+)/(\w+)", self.path)
        try:
            token, method = match.groups() if match else ("", "")
            result = self.server.telegram.handle(token, method, parameters)
            self._reply(200, {"ok": True, "result": result})
        except ApiError as error:
            reply: Json = {
                "ok": False,
                "error_code": error.status,
                "description": error.description,
            }
            if error.retry_after is not None:
                reply["parameters"] = {"retry_after": error.retry_after}
            self._reply(error.status, reply)
        except ConnectionResetError:
            # Zero linger: closing sends RST, not FIN.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            self.connection.close()

    def do_GET(self) -> None:
        self.do_POST()

    def _reply(self, status: int, reply: Json) -> None:
        body = json.dumps(reply).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Quiet: tests ask `calls`."""


def _value(key: str, text: str) -> Any:
    """A form value: Telegram's clients send everything but strings as JSON."""
    if key not in _STRINGS and re.fullmatch(r"-?\d+|true|false|[\[{].*[\]}]", text, re.DOTALL):
        try:
            return json.loads(text)
        except ValueError:
            return text
    return text
