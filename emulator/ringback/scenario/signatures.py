"""How each vendor's webhooks are signed, told from the receiver's side."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from hashlib import sha256

Verifier = Callable[[str, Mapping[str, str], bytes], str]
"""`verify(secret, headers named in lower case, raw body)` gives what is wrong with the signature, or ""."""


def kwickphone(secret: str, headers: Mapping[str, str], body: bytes) -> str:
    """Page "Webhooks — events & signing": `v1=` and the hex HMAC-SHA256 of `{timestamp}.{raw body}`."""
    timestamp = headers.get("x-kwickphone-timestamp", "")
    if not timestamp.isdecimal():
        return f"X-KwickPhone-Timestamp is {timestamp!r}, not Unix seconds"
    expected = "v1=" + hmac.new(secret.encode(), timestamp.encode() + b"." + body, sha256).hexdigest()
    found = headers.get("x-kwickphone-signature", "")
    if not hmac.compare_digest(expected.encode(), found.encode()):
        return f"X-KwickPhone-Signature is {found or 'missing'}, and {expected} is right"
    return ""


def nokycnumber(secret: str, headers: Mapping[str, str], body: bytes) -> str:
    """Page "Signature verification": `t=` Unix seconds, and `v1=` the hex HMAC-SHA256 of `{t}.{raw body}`."""
    found = headers.get("x-nokyc-signature", "")
    timestamp = found.partition(",")[0].removeprefix("t=")
    if not timestamp.isdecimal():
        return f"X-NoKYC-Signature is {found or 'missing'}, which has no t= in Unix seconds"
    expected = f"t={timestamp},v1=" + hmac.new(secret.encode(), timestamp.encode() + b"." + body, sha256).hexdigest()
    if not hmac.compare_digest(expected.encode(), found.encode()):
        return f"X-NoKYC-Signature is {found}, and {expected} is right"
    return ""


def inkbox(secret: str, headers: Mapping[str, str], body: bytes) -> str:
    """The official SDK's verifier: `sha256=` and the hex HMAC-SHA256 of `{request id}.{timestamp}.{raw body}`, under
    the key without its `whsec_`."""
    request_id, timestamp = headers.get("x-inkbox-request-id", ""), headers.get("x-inkbox-timestamp", "")
    if not timestamp.isdecimal():
        return f"X-Inkbox-Timestamp is {timestamp!r}, not Unix seconds"
    signed = f"{request_id}.{timestamp}.".encode() + body
    expected = "sha256=" + hmac.new(secret.removeprefix("whsec_").encode(), signed, sha256).hexdigest()
    found = headers.get("x-inkbox-signature", "")
    if not hmac.compare_digest(expected.encode(), found.encode()):
        return f"X-Inkbox-Signature is {found or 'missing'}, and {expected} is right"
    return ""


def agentphone(secret: str, headers: Mapping[str, str], body: bytes) -> str:
    """Python SDK, `verify_webhook`: `sha256=` and the hex HMAC-SHA256 of `{timestamp}.{raw body}`."""
    timestamp = headers.get("x-webhook-timestamp", "")
    if not timestamp.isdecimal():
        return f"X-Webhook-Timestamp is {timestamp!r}, not Unix seconds"
    expected = "sha256=" + hmac.new(secret.encode(), timestamp.encode() + b"." + body, sha256).hexdigest()
    found = headers.get("x-webhook-signature", "")
    if not hmac.compare_digest(expected.encode(), found.encode()):
        return f"X-Webhook-Signature is {found or 'missing'}, and {expected} is right"
    return ""


def phonestack(secret: str, headers: Mapping[str, str], body: bytes) -> str:
    """Page "Signature Verification": the hex HMAC-SHA256 of the raw body."""
    expected = hmac.new(secret.encode(), body, sha256).hexdigest()
    found = headers.get("x-phonestack-signature", "")
    if not hmac.compare_digest(expected.encode(), found.encode()):
        return f"X-PhoneStack-Signature is {found or 'missing'}, and {expected} is right"
    return ""


SIGNATURES: dict[str, Verifier] = {
    "kwickphone": kwickphone,
    "nokycnumber": nokycnumber,
    "agentphone": agentphone,
    "inkbox": inkbox,
    "phonestack": phonestack,
}
