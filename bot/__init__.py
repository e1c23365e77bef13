"""The Telegram door."""

from bot.application import create_application, refusal
from bot.poll import polling, run

__all__ = ["create_application", "polling", "refusal", "run"]
