"""Requests of the journal as an HTTP archive (HAR 1.2), for a browser's developer tools."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import parse_qsl

from ringback import __version__
from ringback.emulator import Emulator
from ringback.gateway.journal import JournalEntry, RequestLogEntry


def archive(emulator: Emulator, entries: Sequence[JournalEntry]) -> dict[str, Any]:
    """Return the requests among the entries (newest first) as an HTTP archive, oldest first."""
    requests = [entry for entry in reversed(entries) if isinstance(entry, RequestLogEntry)]
    return {
        "log": {
            "version": "1.2",
            "creator": {"name": "Ringback", "version": __version__},
            "entries": [_entry(emulator, request) for request in requests],
        }
    }


def _entry(emulator: Emulator, entry: RequestLogEntry) -> dict[str, Any]:
    shown = entry.render()
    request, response = shown["request"], shown["response"]
    query = f"?{request['query']}" if request["query"] else ""
    body = {"postData": {"mimeType": "application/json", "text": request["body"]}} if request["body"] else {}
    media_types = [value for name, value in response["headers"] if name.lower() == "content-type"]
    return {
        "startedDateTime": shown["at"],
        "time": shown["latency_ms"],
        "request": {
            "method": request["method"],
            "url": f"{emulator.vendors[entry.vendor].origin}{request['path']}{query}",
            "httpVersion": "HTTP/1.1",
            "cookies": [],
            "headers": _pairs(request["headers"]),
            "queryString": _pairs(parse_qsl(request["query"], keep_blank_values=True)),
            "headersSize": -1,
            "bodySize": len(entry.body),
            **body,
        },
        "response": {
            "status": response["status"] or 0,
            "statusText": "",
            "httpVersion": "HTTP/1.1",
            "cookies": [],
            "headers": _pairs(response["headers"]),
            "content": {
                "size": len(entry.response_body),
                "mimeType": media_types[0] if media_types else "",
                "text": response["body"] or "",
            },
            "redirectURL": "",
            "headersSize": -1,
            "bodySize": len(entry.response_body),
        },
        "cache": {},
        "timings": {"send": 0, "wait": shown["latency_ms"], "receive": 0},
    }


def _pairs(pairs: Iterable[Iterable[str]]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in pairs]
