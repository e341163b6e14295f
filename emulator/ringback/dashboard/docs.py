"""The browsable page of a vendor's contract."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from ringback.contract import Node, Operation
from ringback.dashboard.contract import ContractView, Field, contract_view
from ringback.dashboard.document import document
from ringback.dashboard.markup import Markup, join, phrase, prose, tag
from ringback.gateway.vendor import VendorSpec

BASE = "$BASE_URL"
"""Placeholder for the emulator's address. The page replaces it by its own origin."""
BASES = {
    "doc": "the vendor's page says so",
    "sdk": "the page is silent; the vendor's own client sends or expects it",
    "ours": "neither says; Ringback chose",
}
LIMITS = (
    ("enum", "one of"),
    ("minimum", "at least"),
    ("maximum", "at most"),
    ("exclusiveMinimum", "more than"),
    ("exclusiveMaximum", "less than"),
    ("minLength", "characters, at least"),
    ("maxLength", "characters, at most"),
    ("minItems", "items, at least"),
    ("maxItems", "items, at most"),
    ("default", "default"),
    ("const", "always"),
    ("pattern", "pattern"),
)
PLACES = {"path": "in the path", "query": "in the query", "header": "header", "cookie": "cookie"}
SHARED = "#/components/responses/"


def page(vendor: VendorSpec) -> bytes:
    """Return the page in UTF-8: each operation with its parameters, bodies, examples and statuses, and the webhooks."""
    shown = _Page(contract_view(vendor.name), vendor)
    return document(
        f"{vendor.title} · contract",
        shown.body(),
        styles=("base.css", "docs.css"),
        scripts=("copy.js", "docs.js"),
    )


class _Page:
    """The parts of one page."""

    def __init__(self, contract: ContractView, vendor: VendorSpec) -> None:
        self.contract = contract
        self.vendor = vendor
        self.key = vendor.seed.key

    def body(self) -> Markup:
        groups = self._groups()
        return join(
            tag("a", "Skip to the operations", href="#operations", class_="skip"),
            self._header(),
            tag(
                "div",
                self._contents(groups),
                tag(
                    "main",
                    self._opening(),
                    (self._group(name, operations) for name, operations in groups.items()),
                    self._webhooks(),
                    self._shared_responses(),
                    id="operations",
                ),
                class_="docs",
            ),
        )

    def _groups(self) -> dict[str, list[Operation]]:
        groups: dict[str, list[Operation]] = {}
        for operation in self.contract.operations:
            groups.setdefault(next(iter(operation.node.get("tags", ())), "Operations"), []).append(operation)
        return groups

    # -- around the operations ------

    def _header(self) -> Markup:
        return tag(
            "header",
            tag("strong", self.vendor.title, class_="brand"),
            tag("span", "contract", class_="muted"),
            tag(
                "nav",
                tag("a", "Dashboard", href="/", id="home", hidden=True),
                tag("a", "openapi.yaml", href="openapi.yaml"),
                tag("a", "openapi.json", href="openapi.json"),
                aria_label="Elsewhere",
            ),
            class_="top",
        )

    def _contents(self, groups: Mapping[str, list[Operation]]) -> Markup:
        listed: list[tuple[str, list[Operation]]] = [*groups.items()]
        if self.contract.webhooks:
            listed.append(("Webhooks", list(self.contract.webhooks)))
        return tag(
            "nav",
            tag(
                "details",
                tag("summary", "Contents"),
                tag("input", type="search", id="find", placeholder="Find an operation", aria_label="Find an operation"),
                (
                    tag("div", tag("h2", name), tag("ul", map(_entry, operations)), class_="group")
                    for name, operations in listed
                ),
                open=True,
            ),
            class_="contents",
            aria_label="Contents",
        )

    def _opening(self) -> Markup:
        info = self.contract.document.get("info", {})
        schemes = self.contract.document.get("components", {}).get("securitySchemes", {})
        return tag(
            "section",
            tag("h1", str(info.get("title", self.vendor.title))),
            prose(str(info.get("description", info.get("summary", "")))),
            tag(
                "dl",
                tag("dt", "Here"),
                tag("dd", _copyable(BASE, "base")),
                tag("dt", "In place of"),
                tag("dd", tag("code", self.vendor.origin)),
                tag("dt", "Key"),
                tag("dd", _copyable(self.key)),
                (
                    join(tag("dt", "Sent as"), tag("dd", self._scheme(scheme)))
                    for scheme in map(self.contract.resolve, schemes.values())
                ),
                class_="facts",
            ),
            tag("ul", (tag("li", _badge(basis), " ", words) for basis, words in BASES.items()), class_="legend"),
        )

    def _scheme(self, scheme: Node) -> Markup:
        form = (
            f"{scheme['name']} ({scheme['in']})"
            if scheme["type"] == "apiKey"
            else f"Authorization: {str(scheme.get('scheme', scheme['type'])).capitalize()} …"
        )
        return join(tag("code", form), " ", _badge(scheme.get("x-basis")), prose(str(scheme.get("description", ""))))

    # -- operations ------

    def _group(self, name: str, operations: list[Operation]) -> Markup:
        described = {one["name"]: one.get("description", "") for one in self.contract.document.get("tags", ())}
        return tag(
            "section",
            tag("h2", name),
            prose(str(described.get(name, ""))),
            map(self._operation, operations),
        )

    def _operation(self, operation: Operation) -> Markup:
        return tag(
            "article",
            _heading(operation, "Page"),
            self._parameters(operation),
            self._request(operation),
            tag("h4", "Try it"),
            _block(self.contract.curl(operation, BASE, self.key)),
            self._responses(operation),
            self._next(operation),
            id=operation.id,
        )

    def _webhooks(self) -> Markup | None:
        if not self.contract.webhooks:
            return None
        return tag(
            "section",
            tag("h2", "Webhooks"),
            (
                tag(
                    "article",
                    _heading(hook, "Page"),
                    self._parameters(hook, "Headers"),
                    self._request(hook),
                    self._responses(hook, "What your response means"),
                    id=hook.id,
                )
                for hook in self.contract.webhooks
            ),
        )

    def _parameters(self, operation: Operation, title: str = "Parameters") -> Markup | None:
        parameters = operation.node["parameters"]
        if not parameters:
            return None
        return join(
            tag("h4", title),
            _table(
                _row(
                    parameter["name"],
                    {**parameter, **self.contract.shape(parameter.get("schema", {})), **_about(parameter)},
                    required=bool(parameter.get("required")),
                    place=PLACES[parameter["in"]],
                )
                for parameter in parameters
            ),
        )

    def _request(self, operation: Operation) -> Markup | None:
        if "requestBody" not in operation.node:
            return None
        body = self.contract.resolve(operation.node["requestBody"])
        return join(tag("h4", "Body"), prose(str(body.get("description", ""))), self._content(body))

    def _content(self, holder: Node) -> Markup:
        return join(self._media(media_type, media) for media_type, media in holder.get("content", {}).items())

    def _media(self, media_type: str, media: Node) -> Markup:
        fields = list(self.contract.fields(media.get("schema", {})))
        return join(
            tag("p", tag("code", media_type), class_="media"),
            _table(map(_field, fields)) if fields else None,
            (
                tag("details", tag("summary", "Example: ", summary), _block(_pretty(value)))
                for summary, value in self.contract.examples(media).values()
            ),
        )

    def _responses(self, operation: Operation, title: str = "Responses") -> Markup:
        responses = operation.node.get("responses", {})
        return join(
            tag("h4", title),
            tag(
                "div",
                (self._response(str(status), response) for status, response in responses.items()),
                class_="responses",
            ),
        )

    def _response(self, status: str, response: Node) -> Markup:
        shared = str(response.get("$ref", ""))
        plain = self.contract.resolve(response)
        said = (_status(status), tag("span", phrase(str(plain.get("description", "")))), _badge(plain.get("x-basis")))
        if shared.startswith(SHARED):
            name = shared.removeprefix(SHARED)
            return tag("p", *said, tag("a", "shape", href=f"#response-{name}", aria_label=f"shape of {name}"))
        shape = join(self._headers(plain), self._content(plain))
        if not shape:
            return tag("p", *said)
        return tag("details", tag("summary", *said), shape, open=status.startswith("2"))

    def _headers(self, response: Node) -> Markup | None:
        headers = {name: self.contract.resolve(one) for name, one in response.get("headers", {}).items()}
        if not headers:
            return None
        return _table(
            _row(
                name,
                {**self.contract.shape(header.get("schema", {})), **_about(header)},
                required=bool(header.get("required")),
                place=PLACES["header"],
            )
            for name, header in headers.items()
        )

    def _next(self, operation: Operation) -> Markup | None:
        links = [
            link
            for response in operation.node.get("responses", {}).values()
            for link in self.contract.resolve(response).get("links", {}).values()
            if "operationId" in link
        ]
        if not links:
            return None
        return join(
            tag("h4", "Leads to"),
            tag(
                "ul",
                (
                    tag(
                        "li",
                        tag("a", link["operationId"], href=f"#{link['operationId']}"),
                        " ",
                        phrase(str(link.get("description", ""))),
                    )
                    for link in links
                ),
                class_="next",
            ),
        )

    def _shared_responses(self) -> Markup | None:
        shared = self.contract.document.get("components", {}).get("responses", {})
        if not shared:
            return None
        return tag(
            "section",
            tag("h2", "Shared responses"),
            (
                tag(
                    "article",
                    tag("h3", name, " ", _badge(response.get("x-basis"))),
                    prose(str(response.get("description", ""))),
                    self._headers(response),
                    self._content(response),
                    id=f"response-{name}",
                )
                for name, response in ((name, self.contract.resolve(one)) for name, one in shared.items())
            ),
        )


# -- pieces ------


def _about(node: Node) -> dict[str, Any]:
    """Return what a parameter or header says itself, which wins over its schema."""
    return {key: node[key] for key in ("description", "x-basis", "example") if key in node}


def _entry(operation: Operation) -> Markup:
    words = f"{operation.id} {operation.method} {operation.path} {operation.summary}".lower()
    return tag(
        "li",
        tag(
            "a",
            _method(operation.method),
            tag("span", operation.summary),
            href=f"#{operation.id}",
            title=operation.path,
        ),
        data_words=words,
    )


def _heading(operation: Operation, source: str) -> Markup:
    section = operation.node.get("x-section")
    return join(
        tag(
            "h3",
            tag("a", operation.summary, href=f"#{operation.id}"),
            " ",
            _badge(operation.node.get("x-basis")),
        ),
        tag("p", _method(operation.method), tag("code", operation.path, class_="path"), class_="route"),
        prose(str(operation.node.get("description", ""))),
        tag(
            "p",
            tag("code", operation.id),
            f" · {source}: {section}" if section else "",
            class_="muted",
        ),
    )


def _method(method: str) -> Markup:
    return tag("b", method, class_=f"method {method.lower()}")


def _status(status: str) -> Markup:
    return tag("b", status, class_=f"status s{status[0]}")


def _badge(basis: Any) -> Markup | None:
    return tag("span", str(basis), class_=f"basis {basis}", title=BASES.get(basis, "")) if basis else None


def _field(field: Field) -> Markup:
    return _row(field.name, field.schema, required=field.required)


def _row(name: str, schema: Node, *, required: bool, place: str = "") -> Markup:
    description, limits = str(schema.get("description", "")), "; ".join(_limits(schema))
    return tag(
        "tr",
        tag("td", tag("code", name), tag("em", "required") if required else None),
        tag("td", _kind(schema), tag("small", place) if place else None),
        tag(
            "td",
            phrase(description) if description else None,
            tag("small", limits) if limits else None,
            _example(schema),
        ),
        tag("td", _badge(schema.get("x-basis"))),
    )


def _kind(schema: Node) -> str:
    kind = schema.get("type")
    if kind is None:
        kind = "object" if "properties" in schema else "any" if "const" not in schema else "constant"
    words = " or ".join(kind) if isinstance(kind, list) else str(kind)
    return f"{words} ({schema['format']})" if "format" in schema else words


def _limits(schema: Node) -> Iterator[str]:
    """Yield the limits of a value. Those that the page does not state are marked as ours."""
    for keyword, words in LIMITS:
        if keyword in schema:
            value = schema[keyword]
            shown = ", ".join(map(_plain, value)) if isinstance(value, list) else _plain(value)
            yield f"{words} {shown}" + (" (ours)" if keyword in schema.get("x-ours", ()) else "")


def _example(schema: Node) -> Markup | None:
    values = [schema["example"]] if "example" in schema else list(schema.get("examples", ()))
    if not values or "const" in schema or "enum" in schema or isinstance(values[0], dict | list):
        return None
    return tag("small", "such as ", tag("code", _plain(values[0])))


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _pretty(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.format(msgspec.json.encode(value), indent=2).decode()


def _table(rows: Iterator[Markup]) -> Markup:
    return tag("div", tag("table", tag("tbody", rows)), class_="scroll")


def _copyable(text: str, name: str = "") -> Markup:
    return tag(
        "span",
        tag("code", text, class_=name or None),
        tag("button", "Copy", type="button", data_copy=True),
        class_="copyable",
    )


def _block(text: str) -> Markup:
    return tag(
        "div",
        tag("pre", tag("code", text), tabindex="0"),
        tag("button", "Copy", type="button", data_copy=True),
        class_="block",
    )
