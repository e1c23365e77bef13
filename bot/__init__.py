"""The Telegram door."""

from bot.application import BotError, create_application, refusal, username
from bot.poll import polling, run
from bot.webhook import webhook, webhook_refusal

__all__ = [
    "BotError",
    "create_application",
    "polling",
    "refusal",
    "run",
    "username",
    "webhook",
    "webhook_refusal",
]
