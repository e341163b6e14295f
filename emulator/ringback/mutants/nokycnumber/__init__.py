"""NoKYCNumber's mutants, by the sections of its page."""

from __future__ import annotations

from ringback.mutants.nokycnumber import access, calls, conventions, errors, messages, numbers, voicemails, webhooks
from ringback.mutants.nokycnumber.registry import MUTANTS

__all__ = ["MUTANTS", "access", "calls", "conventions", "errors", "messages", "numbers", "voicemails", "webhooks"]
