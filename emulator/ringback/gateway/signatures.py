"""How a vendor signs its webhooks, as data: signs on the sending side, verifies on the receiving side."""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

Headers = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class SignatureScheme:
    """HMAC-SHA256, hexadecimal, over `prefix` and the raw body.

    `headers` are names and templates of `{digest}`, `{timestamp}` (Unix seconds) and `{id}` (the attempt's own);
    `prefix` is a template of the same without `{digest}`. The key is the secret without `strip`.
    """

    headers: tuple[tuple[str, str], ...]
    prefix: str = "{timestamp}."
    strip: str = ""

    def digest(self, secret: str, body: bytes, timestamp: str, id_: str = "") -> str:
        """Return the hexadecimal digest."""
        prefix = self.prefix.format(timestamp=timestamp, id=id_).encode()
        return hmac.new(secret.removeprefix(self.strip).encode(), prefix + body, sha256).hexdigest()

    def sign(self, secret: str, body: bytes, timestamp: int, id_: str = "") -> Headers:
        """Return the headers of an attempt. Without a secret there is no digest, and no header that holds one."""
        digest = self.digest(secret, body, str(timestamp), id_) if secret else ""
        return tuple(
            (name, template.format(digest=digest, timestamp=timestamp, id=id_))
            for name, template in self.headers
            if secret or "{digest}" not in template
        )

    def verify(self, secret: str, headers: Mapping[str, str], body: bytes) -> str:
        """Return what is wrong with a received signature, or an empty string. Header names are in lower case."""
        values = {name: headers.get(name.lower(), "") for name, _ in self.headers}
        timestamp = self._part(values, "timestamp")
        if "{timestamp}" in self.prefix and not timestamp.isdecimal():
            name = next(name for name, template in self.headers if "{timestamp}" in template)
            return f"{name} is {values[name] or 'missing'}: it holds no Unix seconds"
        id_ = self._part(values, "id")
        digest = self.digest(secret, body, timestamp, id_)
        for name, template in self.headers:
            if "{digest}" in template:
                expected = template.format(digest=digest, timestamp=timestamp, id=id_)
                if not hmac.compare_digest(expected.encode(), values[name].encode()):
                    return f"{name} is {values[name] or 'missing'}, expected {expected}"
        return ""

    def _part(self, values: Mapping[str, str], part: str) -> str:
        """Return a part of the received headers, or an empty string."""
        for name, template in self.headers:
            before, found, after = template.partition(f"{{{part}}}")
            if found and values[name].startswith(before):
                rest = values[name][len(before) :]
                return rest.partition(after[:1])[0] if after else rest
        return ""
