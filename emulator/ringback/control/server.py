"""The server itself: its health, its mutants, and where its webhooks go."""

from __future__ import annotations

from typing import Any

from ringback import __version__, mutants
from ringback.control.clock import clock_view
from ringback.control.common import PREFIX, ControlOperations, invalid
from ringback.emulator import Emulator
from ringback.gateway.egress import literal

operation = OPERATIONS = ControlOperations()


@operation("GET", f"{PREFIX}/health", "getHealth")
def get_health(emulator: Emulator) -> dict[str, Any]:
    """Return what the emulator serves, under which settings, and its time."""
    return {
        "status": "ok",
        "version": __version__,
        "vendors": list(emulator.vendors),
        "clock": clock_view(emulator),
        "seed": emulator.settings.seed,
        "strict": emulator.services.outbox.egress.strict,
        "chaos": emulator.settings.chaos,
        "mutants": sorted(emulator.mutants),
        "urls": dict(emulator.services.urls),
    }


@operation("GET", f"{PREFIX}/mutants", "listMutants")
def list_mutants(emulator: Emulator) -> dict[str, Any]:
    """List the ways in which the emulator can be made to break a claim."""
    return {
        "data": [
            {
                "name": mutant.name,
                "claim": mutant.claim,
                "breaks": mutant.description,
                "touches": list(mutant.also_breaks),
                "vendor": vendor.name,
            }
            for vendor in emulator.vendors.values()
            for mutant in mutants.load(vendor)
        ]
    }


@operation("GET", f"{PREFIX}/hosts", "getHosts")
def get_hosts(emulator: Emulator) -> dict[str, Any]:
    """Return the addresses that webhook egress uses in place of DNS, by host name."""
    return dict(emulator.services.outbox.egress.hosts)


@operation("PUT", f"{PREFIX}/hosts", "setHosts")
def set_hosts(emulator: Emulator, body: dict[str, list[str]]) -> dict[str, Any]:
    """Replace the addresses that webhook egress uses in place of DNS."""
    for name, addresses in body.items():
        for address in addresses:
            if literal(address) is None:
                raise invalid(f"{address!r} is not an IP address", name)
    emulator.services.outbox.egress.hosts = {name.lower(): tuple(addresses) for name, addresses in body.items()}
    return body


@operation("GET", f"{PREFIX}/webhook-routes", "getWebhookRoutes")
def get_webhook_routes(emulator: Emulator) -> dict[str, Any]:
    """Return the local origins that receive webhooks in place of public ones."""
    return dict(emulator.services.outbox.egress.routes)


@operation("PUT", f"{PREFIX}/webhook-routes", "setWebhookRoutes")
def set_webhook_routes(emulator: Emulator, body: dict[str, str]) -> dict[str, Any]:
    """Replace the local origins that receive webhooks in place of public ones."""
    for public, local in body.items():
        if "://" not in public or "://" not in local:
            raise invalid("a route maps an origin such as https://hooks.example.test to http://127.0.0.1:9000", public)
    routes = {public.rstrip("/").lower(): local.rstrip("/") for public, local in body.items()}
    emulator.services.outbox.egress.routes = routes
    return dict(routes)
