"""The Telegram door."""

from bot.application import create_application, refusal
from bot.poll import polling, run
from bot.webhook import webhook, webhook_refusal

__all__ = ["create_application", "polling", "refusal", "run", "webhook", "webhook_refusal"]
