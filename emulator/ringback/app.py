"""The ASGI app of one emulator: vendors by path prefix and by host, the control API, the dashboard, the contracts."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from ringback import __version__, vendors
from ringback.contract import contract_path, load_contract
from ringback.emulator import Emulator
from ringback.gateway.asgi import ASGIApp, Receive, Response, Scope, Send, encode
from ringback.gateway.middleware import VendorMiddleware
from ringback.gateway.vendor import VendorSpec
from ringback.settings import Settings, SettingsError

if TYPE_CHECKING:
    from ringback.mutants import Mutant

HTML = b"text/html; charset=utf-8"
YAML = b"application/yaml"


class Application:
    """One emulator as an ASGI app. Vendors' routes and the control API are built at their first request."""

    def __init__(self, settings: Settings) -> None:
        names = settings.vendors or vendors.names()
        unknown = [
            name for name in (*names, *((settings.root,) if settings.root else ())) if name not in vendors.names()
        ]
        if unknown:
            raise SettingsError(f"unknown vendor {unknown[0]!r}: there are {', '.join(vendors.names())}")
        if settings.root and settings.root not in names:
            raise SettingsError(f"--root {settings.root}: that vendor is not among those served")
        served = [vendors.load(name) for name in dict.fromkeys(names)]
        self._mutants = _chosen_mutants(settings, served)
        self.settings = settings
        self.emulator = Emulator(settings, served)
        for mutant in self._mutants:
            if mutant.install is not None:
                mutant.install(self.emulator)
        self._vendor_apps: dict[str, ASGIApp] = {}
        self._documents: dict[str, Response] = {}
        self._control: ASGIApp | None = None
        self.urls = self.emulator.services.urls
        if settings.seed_accounts:
            self.emulator.seed()

    @property
    def crashes(self) -> list[BaseException]:
        """Return the unexpected exceptions so far."""
        return self.emulator.services.crashes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._lifespan(scope, receive, send)
            return
        try:
            await self._route(scope, receive, send)
        except Exception as error:
            self.emulator.services.record_crash(error)
            body = {"error": {"code": "internal_error", "message": f"{type(error).__name__}: {error}"}}
            await Response(encode(body), 500)(scope, receive, send)

    async def _route(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope["path"]
        first, _, rest = path[1:].partition("/")
        if first in self.emulator.vendors:
            await self._vendor(first, "/" + rest, scope, receive, send)
        elif (host := self._vendor_host(scope)) is not None:
            await self._vendor(host, path, scope, receive, send)
        elif first == "_ringback" and self.settings.control:
            await self._controlled(scope, receive, send)
        elif path == "/" and self.settings.control:
            from ringback.dashboard import dashboard

            await dashboard(self.emulator, self.urls)(scope, receive, send)
        elif self.settings.root is not None:
            await self._vendor(self.settings.root, path, scope, receive, send)
        else:
            await self._nothing_here(scope, receive, send)

    def _vendor_host(self, scope: Scope) -> str | None:
        for name, value in scope["headers"]:
            if name == b"host":
                label, _, suffix = value.partition(b":")[0].decode("latin-1").lower().partition(".")
                return label if suffix == "localhost" and label in self.emulator.vendors else None
        return None

    async def _vendor(self, name: str, path: str, scope: Scope, receive: Receive, send: Send) -> None:
        if path in _DOCUMENTS and scope["method"] in ("GET", "HEAD"):
            await self._document(name, path)(scope, receive, send)
            return
        if self.settings.tls and scope["scheme"] == "http":
            await self._to_https(name, path, scope, receive, send)
            return
        app = self._vendor_apps.get(name)
        if app is None:
            app = self._vendor_apps[name] = self._build(name)
        scope["path"] = path
        await app(scope, receive, send)

    def _build(self, name: str) -> ASGIApp:
        """Return a vendor's app behind its middleware and the mutants chosen."""
        from ringback.gateway.litestar_app import build

        vendor, backend = self.emulator.vendors[name], self.emulator.backends[name]
        routes = cast("ASGIApp", build(vendor.operations, backend, vendor.errors))
        app: ASGIApp = VendorMiddleware(self.emulator.services, vendor, routes)
        for mutant in self._mutants:
            if mutant.wrap is not None and mutant.name.startswith(f"{name}."):
                app = mutant.wrap(self.emulator, app)
        return app

    async def _to_https(self, name: str, path: str, scope: Scope, receive: Receive, send: Send) -> None:
        query = scope["query_string"].decode("latin-1")
        target = self.urls[name] + path + (f"?{query}" if query else "")
        headers = ((b"location", target.encode("latin-1", "replace")),)
        await Response(b"", 301, b"text/plain", headers)(scope, receive, send)

    def _document(self, name: str, path: str) -> Response:
        key = f"{name}{path}"
        if key not in self._documents:
            self._documents[key] = _DOCUMENTS[path](self.emulator.vendors[name])
        return self._documents[key]

    async def _controlled(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._control is None:
            from ringback.control import control

            self._control = control(self.emulator)
        await self._control(scope, receive, send)

    async def _nothing_here(self, scope: Scope, receive: Receive, send: Send) -> None:
        served = ", ".join(f"/{name}{vendor.base_path}" for name, vendor in self.emulator.vendors.items())
        message = f"Nothing is served at this path. Vendors: {served}."
        await Response(encode({"error": {"code": "not_found", "message": message}}), 404)(scope, receive, send)

    async def _lifespan(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await receive()
            await send({"type": "websocket.close", "code": 1003, "reason": "no WebSocket is served here"})
            return
        while True:
            kind = (await receive())["type"]
            await send({"type": f"{kind}.complete"})
            if kind == "lifespan.shutdown":
                return


def _chosen_mutants(settings: Settings, served: list[VendorSpec]) -> list[Mutant]:
    if not settings.mutants:
        return []
    from ringback import mutants

    try:
        return mutants.choose(settings.mutants, served)
    except KeyError as error:
        raise SettingsError(f"unknown mutant {error.args[0]!r}: `ringback mutants` lists them") from None


def _openapi_yaml(vendor: VendorSpec) -> Response:
    return Response(contract_path(vendor.name).read_bytes(), media_type=YAML)


def _openapi_json(vendor: VendorSpec) -> Response:
    return Response(encode(load_contract(vendor.name).document))


def _docs(vendor: VendorSpec) -> Response:
    from ringback.dashboard.docs import page

    return Response(page(vendor), media_type=HTML)


_DOCUMENTS: dict[str, Callable[[VendorSpec], Response]] = {
    "/openapi.yaml": _openapi_yaml,
    "/openapi.json": _openapi_json,
    "/docs": _docs,
}

__all__ = ["Application", "__version__"]
