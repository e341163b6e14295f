"""What the control API shows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from ringback.carrier.call import Call
from ringback.carrier.clock import iso_exact
from ringback.carrier.ledger import LedgerEntry, format_usd
from ringback.carrier.scripts import QueuedScript
from ringback.emulator import Emulator
from ringback.gateway.accounts import Account
from ringback.gateway.delivery import Attempt, Delivery
from ringback.gateway.faults import Fault
from ringback.gateway.journal import JournalEntry, RequestLogEntry
from ringback.gateway.keys import Key
from ringback.gateway.redaction import mask, mask_header

LEDGER_TAIL = 50


def clock_view(emulator: Emulator) -> dict[str, Any]:
    """The server's clock."""
    view: dict[str, Any] = {"mode": emulator.services.clock.mode, "now": iso_exact(emulator.services.clock.now())}
    if emulator.services.clock.mode == "scaled":
        view["factor"] = emulator.services.clock.factor
    return view


def account_view(emulator: Emulator, account: Account, base_url: str) -> dict[str, Any]:
    """An account with what it has and owes; no secrets."""
    return {
        "account_id": account.id,
        "vendor": account.vendor,
        "name": account.name,
        "base_url": base_url,
        "now": iso_exact(emulator.services.clock.now(account.id)),
        "created_at": iso_exact(account.created_at),
        "balance": format_usd(emulator.services.ledger.balance(account.id)),
        "settings": msgspec.to_builtins(emulator.services.settings_of(account.id)),
        "keys": [key_view(key) for key in emulator.services.keys.records.oldest("account", account.id)],
        "numbers": emulator.backends[account.vendor].numbers(account.id),
        "calls": emulator.services.calls.records.count("account", account.id),
        "ledger": [
            entry_view(entry) for entry in emulator.services.ledger.entries.page("account", account.id, LEDGER_TAIL)
        ],
    }


def key_view(key: Key, *, secret: bool = False) -> dict[str, Any]:
    """A key; its secret only where it is issued."""
    view: dict[str, Any] = {
        "key_id": key.id,
        "label": key.label,
        "scope": key.scope,
        "kind": key.kind,
        "allowlist": list(key.allowlist),
        "status": key.status,
        "created_at": iso_exact(key.created_at),
        "expires_at": iso_exact(key.expires_at) if key.expires_at is not None else None,
    }
    if key.agent is not None:
        view["agent"] = key.agent
    if key.rate_limit is not msgspec.UNSET:
        view["rate_limit"] = key.rate_limit
    if secret:
        view["secret"] = key.secret
    return view


def entry_view(entry: LedgerEntry) -> dict[str, Any]:
    """A ledger entry."""
    return {
        "id": entry.id,
        "at": iso_exact(entry.at),
        "cause": entry.cause,
        "amount": format_usd(entry.amount),
        "balance": format_usd(entry.balance),
        "ref": entry.ref,
    }


def call_view(call: Call) -> dict[str, Any]:
    """A call, whatever the vendor shows of it; `turns` count seconds from the answer."""
    return {
        "call_id": call.id,
        "account_id": call.account,
        "vendor": call.vendor,
        "direction": call.direction,
        "number": call.number,
        "number_id": call.number_id,
        "peer": call.remote_number,
        "state": call.state,
        "outcome": call.outcome,
        "started_at": iso_exact(call.started_at),
        "answered_at": iso_exact(call.answered_at) if call.answered_at is not None else None,
        "ended_at": iso_exact(call.ended_at) if call.ended_at is not None else None,
        "duration": call.duration,
        "recording": call.recording,
        "turns": [{"speaker": turn.speaker, "text": turn.text, "at": turn.at} for turn in call.turns or ()],
    }


def delivery_view(delivery: Delivery) -> dict[str, Any]:
    """A webhook event with every attempt. Signatures show; secrets do not."""
    return {
        "id": delivery.id,
        "account_id": delivery.account,
        "vendor": delivery.vendor,
        "event": delivery.event,
        "subject": delivery.subject,
        "url": delivery.url,
        "state": delivery.state,
        "created_at": iso_exact(delivery.created_at),
        "next_attempt_at": iso_exact(delivery.next_at) if delivery.next_at is not None else None,
        "troubles": list(delivery.faults),
        "body": mask(delivery.body.decode("utf-8", "replace")),
        "attempts": [_attempt_view(number, attempt) for number, attempt in enumerate(delivery.attempts, 1)],
    }


def _attempt_view(number: int, attempt: Attempt) -> dict[str, Any]:
    return {
        "attempt": number,
        "at": iso_exact(attempt.at),
        "headers": [[name, mask_header(name, value)] for name, value in attempt.headers],
        "status": attempt.status,
        "error": attempt.error,
        "response": mask(attempt.response),
        "latency_ms": attempt.latency_ms,
    }


def script_view(waiting: QueuedScript) -> dict[str, Any]:
    """A script that waits for an outbound call or message; what it leaves open is left out."""
    script = {name: value for name, value in msgspec.to_builtins(waiting.script).items() if value is not None}
    match = {name: value for name, value in msgspec.to_builtins(waiting.match).items() if value is not None}
    return {
        "id": waiting.id,
        "vendor": waiting.vendor,
        "account_id": waiting.account or None,
        "match": match,
        "script": script,
    }


def fault_view(fault: Fault) -> dict[str, Any]:
    """A fault and how often it has struck."""
    return {
        "id": fault.id,
        "vendor": fault.vendor,
        "account_id": fault.account or None,
        "operation": fault.operation,
        "event": fault.event,
        "first": fault.first,
        "every": fault.every,
        "probability": fault.probability,
        "effect": msgspec.to_builtins(fault.effect),
        "met": fault.matched,
        "struck": fault.applied,
    }


def har(emulator: Emulator, entries: Iterable[JournalEntry], version: str) -> dict[str, Any]:
    """The requests among the entries as an HTTP archive, oldest first."""
    exchanges = [entry for entry in entries if isinstance(entry, RequestLogEntry)]
    return {
        "log": {
            "version": "1.2",
            "creator": {"name": "Ringback", "version": version},
            "entries": [_har_entry(emulator, exchange) for exchange in reversed(exchanges)],
        }
    }


def _har_entry(emulator: Emulator, exchange: RequestLogEntry) -> dict[str, Any]:
    shown = exchange.render()
    asked, answered = shown["request"], shown["response"]
    vendor = emulator.vendors[exchange.vendor]
    query = f"?{asked['query']}" if asked["query"] else ""
    posted = {"postData": {"mimeType": "application/json", "text": asked["body"]}} if asked["body"] else {}
    kinds = [value for name, value in answered["headers"] if name.lower() == "content-type"]
    return {
        "startedDateTime": shown["at"],
        "time": shown["latency_ms"],
        "request": {
            "method": asked["method"],
            "url": f"{vendor.origin}{asked['path']}{query}",
            "httpVersion": "HTTP/1.1",
            "cookies": [],
            "headers": _pairs(asked["headers"]),
            "queryString": [
                {"name": name, "value": value} for name, value in parse_qsl(asked["query"], keep_blank_values=True)
            ],
            "headersSize": -1,
            "bodySize": len(exchange.body),
            **posted,
        },
        "response": {
            "status": answered["status"] or 0,
            "statusText": "",
            "httpVersion": "HTTP/1.1",
            "cookies": [],
            "headers": _pairs(answered["headers"]),
            "content": {
                "size": len(exchange.response_body),
                "mimeType": kinds[0] if kinds else "",
                "text": answered["body"] or "",
            },
            "redirectURL": "",
            "headersSize": -1,
            "bodySize": len(exchange.response_body),
        },
        "cache": {},
        "timings": {"send": 0, "wait": shown["latency_ms"], "receive": 0},
    }


def _pairs(headers: Iterable[Iterable[str]]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in headers]
