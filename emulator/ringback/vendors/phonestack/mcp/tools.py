"""The forty tools, page "Available Tools", in its order.

Most are operations of REST: a tool runs the handler of its name, and its arguments are the handler's path parameters
together with its body or query. The other handlers are declared here.
"""

from __future__ import annotations

import inspect
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Annotated, Any, Literal, get_args, get_type_hints

import msgspec
from msgspec import Meta

from ringback.gateway.limits import RateLimitGroup
from ringback.gateway.operations import Provider
from ringback.vendors.phonestack import routes
from ringback.vendors.phonestack.records import Batch, Report, Webhook
from ringback.vendors.phonestack.rules import PhoneStack
from ringback.vendors.phonestack.rules.access import BULK
from ringback.vendors.phonestack.rules.common import organization_id
from ringback.vendors.phonestack.rules.discovery import find_tools
from ringback.vendors.phonestack.rules.event_samples import sample
from ringback.vendors.phonestack.rules.views import view_contact
from ringback.vendors.phonestack.wire.requests import (
    BatchBody,
    BulkBody,
    CallFilters,
    ContactBody,
    ExportQuery,
    SubscribeBody,
)
from ringback.vendors.phonestack.wire.responses import (
    BatchResults,
    BatchView,
    BulkResult,
    CallView,
    ContactView,
    Deleted,
    ListEnvelope,
    WebhookView,
)

Id = Annotated[str, Meta(min_length=1)]
MEDIA_TYPES = {"csv": "text/csv", "pdf": "application/pdf"}


# -- handlers of tools that are no operation of REST, or differ from it ------


class CallListArguments(CallFilters, kw_only=True, omit_defaults=True):
    """list_calls."""

    include: (
        Annotated[list[Literal["transcript", "contact"]], Meta(description="What to put into each call.")] | None
    ) = None


class SampleArguments(msgspec.Struct, kw_only=True):
    """get_webhook_sample."""

    event: Annotated[str, Meta(description="An event, such as call.completed.")]


class HelpArguments(msgspec.Struct, kw_only=True):
    """help."""

    query: Annotated[str, Meta(min_length=1, max_length=500, description="What is wanted, in plain words.")]


class SuggestArguments(msgspec.Struct, kw_only=True):
    """suggest_options."""

    query: Annotated[str, Meta(max_length=200, description="A keyword; everything when left out.")] | None = None


def batch_of(backend: PhoneStack, account: str, batch_id: str) -> Batch:
    """Return the batch that a tool is about. Raises ApiError 404."""
    return backend.batches.get(account, batch_id)


def webhook_of(backend: PhoneStack, account: str, webhook_id: str) -> Webhook:
    """Return the webhook that a tool is about. Raises ApiError 404."""
    return backend.webhooks.get(account, webhook_id)


PROVIDES: dict[str, Provider] = {**routes.PROVIDES, "batch": batch_of, "webhook": webhook_of}


def list_calls(backend: PhoneStack, account: str, query: CallListArguments) -> ListEnvelope[CallView]:
    return backend.calls.page(account, query, query.include or ())


def trigger_batch(backend: PhoneStack, account: str, body: BatchBody) -> BatchView:
    return backend.batches.trigger(account, body)


def get_batch_status(backend: PhoneStack, batch: Batch) -> BatchView:
    return backend.batches.view(batch)


def get_batch_results(backend: PhoneStack, batch: Batch) -> BatchResults:
    return backend.batches.results(batch)


def create_contact(backend: PhoneStack, account: str, body: ContactBody) -> ContactView:
    return view_contact(backend.contacts.create(account, body, "mcp"))


def bulk_create_contacts(backend: PhoneStack, account: str, body: BulkBody) -> BulkResult:
    return backend.contacts.create_bulk(account, body, "mcp")


async def export_report(backend: PhoneStack, report: Report, query: ExportQuery) -> dict[str, Any]:
    result = backend.reports.execute(report, query.date_range)
    file, is_text = await routes.export(result, query), query.format == "csv"
    return {
        "filename": routes.export_name(result, query),
        "media_type": MEDIA_TYPES[query.format],
        "encoding": "text" if is_text else "base64",
        "content": (file if is_text else b64encode(file)).decode(),
    }


def list_webhooks(backend: PhoneStack, account: str) -> list[WebhookView]:
    return backend.webhooks.list_all(account)


async def subscribe_webhook(backend: PhoneStack, account: str, body: SubscribeBody) -> WebhookView:
    backend.webhooks.check_events(body.events)
    await backend.webhooks.check_url(body.url)
    return backend.webhooks.subscribe(account, body)


def unsubscribe_webhook(backend: PhoneStack, webhook: Webhook) -> Deleted:
    backend.webhooks.remove(webhook)
    return Deleted(webhook.id)


def get_webhook_sample(backend: PhoneStack, account: str, query: SampleArguments) -> Any:
    return sample(organization_id(backend.services, account), query.event)


def help(query: HelpArguments) -> dict[str, Any]:  # noqa: A001 - the tool's name
    return find_tools(query.query)


def suggest_options(backend: PhoneStack, account: str, query: SuggestArguments) -> dict[str, Any]:
    return backend.discovery.suggest(account, query.query or "")


# -- tools ------


@dataclass(frozen=True)
class Tool:
    """One tool: the name is the handler's. `writes` are changes that a key must be allowed to make, `dials` ones that
    may place calls; `group` is the rate limit that it counts against."""

    handler: Callable[..., Any]
    description: str
    writes: bool = False
    destructive: bool = False
    dials: bool = False
    group: RateLimitGroup | None = None

    @property
    def name(self) -> str:
        """Return the tool's name."""
        return self.handler.__name__

    @cached_property
    def arguments(self) -> type[msgspec.Struct]:
        """Return the struct of the tool's arguments: the fields of its body or query, and the ids that it needs."""
        parameters = dict(_parameters(self.handler))
        shape = parameters.get("body") or parameters.get("query") or msgspec.Struct
        ids = [(name, Id) for name in _ids(self.handler)]
        return msgspec.defstruct(self.name, ids, bases=(_without_none(shape),), kw_only=True)

    def run(self, backend: PhoneStack, account: str, arguments: msgspec.Struct) -> Any:
        """Run the handler for an account. Raises ApiError."""
        values = {"backend": backend, "account": account, "body": arguments, "query": arguments}

        def call(function: Callable[..., Any]) -> Any:
            return function(*[value(name) for name, _ in _parameters(function)])

        def value(name: str) -> Any:
            if name in values:
                return values[name]
            return call(PROVIDES[name]) if name in PROVIDES else getattr(arguments, name)

        return call(self.handler)


@cache
def _parameters(function: Callable[..., Any]) -> list[tuple[str, Any]]:
    hints = get_type_hints(function, include_extras=True)
    return [(name, hints[name]) for name in inspect.signature(function).parameters]


def _ids(function: Callable[..., Any]) -> list[str]:
    """Return the path parameters that a handler needs, itself or through what the vendor provides."""
    found: list[str] = []
    for name, _ in _parameters(function):
        if name not in ("backend", "account", "body", "query"):
            found += _ids(PROVIDES[name]) if name in PROVIDES else [name]
    return found


def _without_none(kind: Any) -> Any:
    return get_args(kind)[0] if get_args(kind) else kind


CALLS = (
    Tool(routes.trigger_call, "Call a phone number now with a profile's agent.", writes=True, dials=True),
    Tool(list_calls, "List calls, latest first, with filters."),
    Tool(routes.get_recording, "Get the signed address of a call's recording; it works for an hour."),
    Tool(routes.get_transcript, "Get what was said on a call."),
    Tool(trigger_batch, "Call up to 1,000 numbers with one profile, as a batch.", writes=True, dials=True, group=BULK),
    Tool(get_batch_status, "Get the progress of a batch."),
    Tool(get_batch_results, "Get the result of each call of a batch."),
)
PROFILES = (
    Tool(routes.create_profile, "Create an agent's profile and compile it.", writes=True),
    Tool(routes.list_profiles, "List active profiles."),
    Tool(routes.get_profile, "Get a profile in full."),
    Tool(routes.update_profile, "Change a profile and compile it again.", writes=True),
    Tool(routes.archive_profile, "Take a profile out of use.", writes=True, destructive=True),
)
CONTACTS = (
    Tool(routes.list_contacts, "List contacts, latest first, with filters."),
    Tool(routes.get_contact, "Get a contact."),
    Tool(create_contact, "Create a contact; a running campaign calls it at once.", writes=True, dials=True),
    Tool(routes.update_contact, "Change a contact.", writes=True),
    Tool(routes.delete_contact, "Delete a contact; its calls stay.", writes=True, destructive=True),
    Tool(
        bulk_create_contacts,
        "Create up to 1,000 contacts; reports which rows were not created and why.",
        writes=True,
        dials=True,
        group=BULK,
    ),
    Tool(routes.add_to_dnc, "Never call a contact again.", writes=True, destructive=True),
    Tool(routes.remove_from_dnc, "Let a contact be called again.", writes=True),
)
CAMPAIGNS = (
    Tool(routes.list_campaigns, "List campaigns."),
    Tool(routes.get_campaign, "Get a campaign with its statistics."),
    Tool(routes.start_campaign, "Start a draft campaign.", writes=True, dials=True),
    Tool(routes.stop_campaign, "Stop a campaign for good.", writes=True, destructive=True),
    Tool(routes.pause_campaign, "Pause a running campaign; its queue is kept.", writes=True),
    Tool(routes.resume_campaign, "Resume a paused campaign.", writes=True, dials=True),
)
REPORTS = (
    Tool(routes.list_reports, "List saved reports."),
    Tool(routes.get_report, "Get what a report counts and how."),
    Tool(routes.execute_report, "Run a report over a range of days."),
    Tool(export_report, "Export a report as CSV text or as a PDF in base64."),
)
WEBHOOKS = (
    Tool(list_webhooks, "List the webhooks, and which of them are disabled."),
    Tool(subscribe_webhook, "Send events to a URL; returns the secret that signs them.", writes=True),
    Tool(unsubscribe_webhook, "Send no more events to a webhook.", writes=True, destructive=True),
    Tool(get_webhook_sample, "Get an example of an event, as it would be sent."),
)
CUSTOM_FIELDS = (
    Tool(routes.list_custom_fields, "List custom field definitions."),
    Tool(routes.create_custom_field, "Define a custom field.", writes=True),
    Tool(routes.update_custom_field, "Change a custom field definition.", writes=True),
    Tool(routes.delete_custom_field, "Delete a custom field definition.", writes=True, destructive=True),
)
DISCOVERY = (
    Tool(help, "Ask which tool, and which field of it, does what you mean."),
    Tool(suggest_options, "See what exists before creating more: fields, profiles, campaigns, voices, events."),
)
TOOLS: dict[str, Tool] = {
    tool.name: tool
    for tools in (CALLS, PROFILES, CONTACTS, CAMPAIGNS, REPORTS, WEBHOOKS, CUSTOM_FIELDS, DISCOVERY)
    for tool in tools
}
