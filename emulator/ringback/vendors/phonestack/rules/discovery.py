"""The two tools that help find the others, page "Discovery Tools": which tool matches an intent, and which resources
exist already."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from ringback.vendors.phonestack.events import DESCRIPTIONS
from ringback.vendors.phonestack.records import VOICES
from ringback.vendors.phonestack.store import Store

MAX_MATCHES = 5
MAX_OPTIONS = 25
"""Of each kind."""
_WORD = re.compile(r"[^\W_]+")
STOP_WORDS = frozenset(
    (
        "a", "about", "all", "an", "and", "any", "are", "as", "at", "be", "by", "can", "do", "does", "for", "from",
        "get", "give", "have", "how", "i", "if", "in", "is", "it", "its", "me", "my", "of", "on", "or", "our", "please",
        "show", "so", "some", "tell", "that", "the", "their", "them", "there", "these", "this", "to", "up", "use", "us",
        "want", "we", "what", "when", "where", "which", "who", "with", "would", "you", "your",
    )
)  # fmt: skip
"""Words that do not tell one intent from another."""


class Intent(msgspec.Struct, frozen=True):
    """An intent with its synonyms, and the tool and field that serve it."""

    intent: str
    category: str
    tool: str
    field: str | None
    hint: str
    synonyms: Sequence[str]


def _intents(category: str, *rows: tuple[str, str, str | None, str, str]) -> list[Intent]:
    return [
        Intent(intent, category, tool, field, hint, tuple(word.strip() for word in synonyms.split(",")))
        for intent, tool, field, hint, synonyms in rows
    ]


INTENTS: tuple[Intent, ...] = (
    *_intents(
        "Calls",
        ("call a person", "trigger_call", "phone", "Give a profile_id and the phone in E.164.",
         "call, dial, ring, phone someone, make a call, place a call"),
        ("ask for something on a call", "trigger_call", "extract", "Names of custom fields, for this one call.",
         "ask for, find out, collect, question, capture"),
        ("give the agent details for one call", "trigger_call", "custom_fields", "Values by name, held to definitions.",
         "context, variables, details for the call, personalize"),
        ("see calls", "list_calls", None, "Latest first; filters narrow together.",
         "calls, call history, call log, recent calls, conversations"),
        ("find hot leads", "list_calls", "disposition", "hot_lead, warm_lead, callback, not_interested, …",
         "hot leads, outcome, disposition, result, interested, warm leads"),
        ("find calls with a meeting", "list_calls", "has_meeting", "true for calls in which a meeting was booked.",
         "meetings, booked, appointment, demo booked"),
        ("find calls of a time", "list_calls", "since", "since and until are ISO times.",
         "last week, yesterday, today, calls since, between dates"),
        ("find long calls", "list_calls", "min_duration", "Seconds of talk at least.",
         "long calls, duration, talk time, longer than"),
        ("find missed or failed calls", "list_calls", "status", "no_answer, busy, failed, voicemail, completed, …",
         "missed, failed calls, unanswered, busy, voicemails"),
        ("find calls people made to us", "list_calls", "direction", "inbound or outbound.",
         "inbound calls, incoming, received calls"),
        ("listen to a call", "get_recording", "call_id", "A signed URL that works for an hour.",
         "recording, listen, audio, mp3, playback, sound"),
        ("read a call", "get_transcript", "call_id", "Turn by turn.",
         "transcript, what was said, read the call, words, text of the call"),
        ("call many", "trigger_batch", "calls", "Up to 1,000 rows with a phone each.",
         "batch, call list, many calls, call everyone, bulk calls"),
        ("follow a batch", "get_batch_status", "batch_id", "How many are queued, in progress and ended.",
         "batch progress, batch status, how far"),
        ("see the results of a batch", "get_batch_results", "batch_id", "A row for each call, in order.",
         "batch results, batch outcome"),
    ),
    *_intents(
        "Profiles",
        ("create an agent", "create_profile", "name", "Compiled at once.",
         "new agent, create persona, new profile, make a bot, assistant"),
        ("change the greeting", "update_profile", "opener", "What the agent says first.",
         "greeting, opener, opening line, hello, introduction, first sentence, intro"),
        ("change how the agent behaves", "update_profile", "persona", "Who the agent is.",
         "persona, personality, character, tone, behave, style, role"),
        ("set limits for the agent", "update_profile", "guardrails", "What it must and must not do.",
         "guardrails, rules, forbid, never say, must not, compliance, boundaries"),
        ("change the voice", "update_profile", "voice", "suggest_options names the voices.",
         "voice, accent, sound like, speak, male voice, female voice"),
        ("extract fields on every call", "update_profile", "extract_fields", "Names of defined custom fields.",
         "extraction, extract field, every call, auto extract, structured data, bind field"),
        ("rename an agent", "update_profile", "name", "The profile's name.",
         "rename profile, agent name, rename agent"),
        ("see agents", "list_profiles", None, "Active profiles, latest first.",
         "profiles, agents, personas, bots, which agents"),
        ("look at an agent", "get_profile", "profile_id", "With the prompt it was compiled into.",
         "prompt, compiled, profile details, instructions, inspect agent"),
        ("retire an agent", "archive_profile", "profile_id", "Its calls stay.",
         "archive, retire, remove profile, delete agent, disable agent"),
    ),
    *_intents(
        "Contacts",
        ("add a contact", "create_contact", "phone", "One contact for a phone.",
         "add contact, new lead, create contact, add person, save number, lead"),
        ("have a lead called at once", "create_contact", "campaign_id", "Of a running campaign.",
         "call immediately, instant call, inject, speed to lead, form lead"),
        ("import contacts", "bulk_create_contacts", "contacts", "Up to 1,000 rows; invalid ones are reported.",
         "import, upload, csv of contacts, many contacts, bulk, sync leads, crm sync"),
        ("see contacts", "list_contacts", None, "Latest first.",
         "contacts, leads, people, address book, customers"),
        ("find contacts by tag", "list_contacts", "tag", "One tag.",
         "tagged, label, segment, by tag, group of contacts"),
        ("find where contacts came from", "list_contacts", "source", "api, bulk, mcp, dashboard or call.",
         "source, origin, came from"),
        ("see the Do Not Call list", "list_contacts", "dnc_status", "dnc.",
         "dnc list, blocked contacts, do not call list, opted out"),
        ("look at a contact", "get_contact", "contact_id", "One contact.",
         "contact details, who is, look up contact"),
        ("change a contact", "update_contact", "contact_id", "What is left out stays.",
         "edit contact, correct, change email, change phone, update lead"),
        ("tag a contact", "update_contact", "tags", "The whole list of tags.",
         "add tag, tags, mark contact, categorize"),
        ("set a contact's field", "update_contact", "custom_fields", "Merged by name; null takes one away.",
         "custom value, set field, store on contact"),
        ("move a contact to a campaign", "update_contact", "campaign_id", "Its queue takes the contact.",
         "move contact, assign campaign, enroll, put into campaign"),
        ("delete a contact", "delete_contact", "contact_id", "Its calls stay.",
         "delete contact, remove lead, forget person, erase, gdpr"),
        ("stop calling a person", "add_to_dnc", "contact_id", "Never dialed again.",
         "do not call, dnc, unsubscribe person, opt out, stop calling, block"),
        ("allow calling again", "remove_from_dnc", "contact_id", "May be dialed again.",
         "remove dnc, opt in, allow calls, unblock, call again"),
    ),
    *_intents(
        "Campaigns",
        ("see campaigns", "list_campaigns", None, "Made in the dashboard.",
         "campaigns, outreach, programs, which campaigns"),
        ("see running campaigns", "list_campaigns", "status", "running.",
         "running campaigns, active campaigns, live campaigns"),
        ("see how a campaign does", "get_campaign", "campaign_id", "With stats.",
         "campaign stats, progress, performance, how is the campaign, conversion"),
        ("start a campaign", "start_campaign", "campaign_id", "A draft.",
         "start, launch, activate, begin, go live, kick off"),
        ("pause a campaign", "pause_campaign", "campaign_id", "The queue is kept.",
         "pause, hold, suspend, halt for now, take a break"),
        ("resume a campaign", "resume_campaign", "campaign_id", "A paused one.",
         "resume, continue, unpause, go on, restart"),
        ("end a campaign", "stop_campaign", "campaign_id", "For good.",
         "stop campaign, end, cancel, finish, complete, terminate"),
    ),
    *_intents(
        "Reports",
        ("see reports", "list_reports", None, "Saved in the dashboard.",
         "reports, dashboards, analytics, saved reports"),
        ("see what a report counts", "get_report", "report_id", "Metrics, grouping, filters.",
         "report configuration, report settings, what does the report"),
        ("run a report", "execute_report", "report_id", "Rows and totals.",
         "run report, execute, figures, numbers, statistics, kpi"),
        ("report on a time", "execute_report", "date_range", "last_7_days, this_month, …",
         "report last week, this month report, date range, period"),
        ("see what calls cost", "execute_report", "date_range", "A report with cost_cents among its metrics.",
         "cost, spend, spending, expenses, how much did, price"),
        ("download a table", "export_report", "format", "csv.",
         "csv, spreadsheet, excel, export, download report, table"),
        ("print a report", "export_report", "format", "pdf.",
         "pdf, print, document, printable"),
    ),
    *_intents(
        "Webhooks",
        ("receive events", "subscribe_webhook", "url", "Returns the secret that signs them.",
         "notify, webhook, callback url, zapier, make.com, n8n, slack, subscribe, integrate"),
        ("receive some events", "subscribe_webhook", "events", "All when left out.",
         "which events, only call completed, event filter"),
        ("see webhooks", "list_webhooks", None, "Disabled ones too.",
         "webhooks, endpoints, subscriptions, where do events go"),
        ("repair a webhook", "subscribe_webhook", "url", "Subscribing its URL again enables a disabled one.",
         "re-enable, disabled webhook, webhook broken, enable webhook"),
        ("stop events", "unsubscribe_webhook", "webhook_id", "No more are sent.",
         "unsubscribe webhook, delete webhook, remove endpoint, stop notifications"),
        ("see an event", "get_webhook_sample", "event", "As it would be sent.",
         "sample, example payload, test event, event format, payload"),
    ),
    *_intents(
        "Custom Fields",
        ("see custom fields", "list_custom_fields", None, "Filter by category.",
         "custom fields, definitions, schema, which fields, attributes"),
        ("define a field", "create_custom_field", "name", "Types string, number, boolean, date, enum.",
         "new field, create field, add field, attribute, property, column"),
        ("define choices", "create_custom_field", "options", "For type enum.",
         "options, choices, dropdown, enum, select, values allowed"),
        ("make a field mandatory", "update_custom_field", "required", "Contacts must have it.",
         "required, mandatory, must have, obligatory"),
        ("say where a field is used", "update_custom_field", "category", "contact, extraction or both.",
         "category, contact field, extraction field, used where"),
        ("change choices", "update_custom_field", "options", "The whole list.",
         "change options, add option, rename field, edit field"),
        ("delete a field", "delete_custom_field", "field_id", "Stored values stay.",
         "delete field, remove field, drop field"),
    ),
    *_intents(
        "Discovery",
        ("find what exists", "suggest_options", "query", "Fields, profiles, campaigns, voices and events by keyword.",
         "existing, available, options, duplicates, find id, which voices, search"),
        ("find a tool", "help", "query", "Say what you mean.",
         "help, how do i, which tool, what can you do"),
    ),
)  # fmt: skip


def find_tools(query: str) -> dict[str, Any]:
    """Return the tools that match an intent, the best first; if none does, the categories."""
    text, words = query.lower(), _words(query)
    scored = [(_score(intent, text, words), intent) for intent in INTENTS]
    best = sorted((pair for pair in scored if pair[0]), key=lambda pair: -pair[0])[:MAX_MATCHES]
    matches = [
        {name: getattr(intent, name) for name in ("intent", "category", "tool", "field", "hint")} for _, intent in best
    ]
    found: dict[str, Any] = {"query": query, "matches": matches}
    if not matches:
        found["categories"] = list(dict.fromkeys(intent.category for intent in INTENTS))
        found["hint"] = "No tool matches: ask about one of these categories, or name what you want to see or change."
    return found


def _score(intent: Intent, query: str, words: frozenset[str]) -> float:
    """Return how well an intent matches: a whole phrase counts most, then the share of a phrase's words."""
    best = 0.0
    for phrase in (intent.intent, *intent.synonyms):
        phrase_words = _words(phrase)
        if re.search(rf"(?<!\w){re.escape(phrase)}(?!\w)", query):
            best = max(best, 2.0 + len(phrase_words))
        elif phrase_words:
            best = max(best, len(phrase_words & words) / len(phrase_words))
    named = words & _words(f"{intent.tool} {intent.field or ''}")
    return best + 0.3 * len(named) if best >= 0.5 or named else 0.0


def _words(text: str) -> frozenset[str]:
    """Return the significant words of a text, in lower case and without a plural's s."""
    found = (word.lower() for word in _WORD.findall(text))
    return frozenset(word.removesuffix("s") if len(word) > 3 else word for word in found if word not in STOP_WORDS)


class Discovery:
    """Finds what an organization has already."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def suggest(self, account: str, query: str) -> dict[str, Any]:
        """Return the resources, voices and events that match a keyword, or all of them for an empty one."""
        store = self._store
        fields = [
            {
                "id": field.id,
                "name": field.name,
                "type": field.type,
                "category": field.category,
                "description": field.description,
                "options": list(field.options) or None,
            }
            for field in store.fields.newest("account", account)
        ]
        profiles = [
            {"id": profile.id, "name": profile.name, "voice": profile.voice, "extract_fields": profile.extract_fields}
            for profile in store.profiles.newest("active", account)
        ]
        campaigns = [
            {"id": campaign.id, "name": campaign.name, "direction": campaign.direction, "status": campaign.status}
            for campaign in store.campaigns.newest("account", account)
        ]
        reports = [
            {"id": report.id, "name": report.name, "description": report.description}
            for report in store.reports.newest("account", account)
        ]
        voices = [{"name": name, "description": text} for name, text in VOICES.items()]
        events = [{"name": name, "description": text} for name, text in DESCRIPTIONS.items()]
        return {
            "query": query or None,
            "custom_fields": _matching(fields, query, "custom field"),
            "profiles": _matching(profiles, query, "profile"),
            "campaigns": _matching(campaigns, query, "campaign"),
            "reports": _matching(reports, query, "report"),
            "voices": _matching(voices, query, "voice"),
            "events": _matching(events, query, "webhook event"),
        }


def _matching(options: Iterable[dict[str, Any]], query: str, kind: str) -> list[dict[str, Any]]:
    """Return the options that contain every word of a query; the words of the kind itself match all of it."""
    wanted = _words(query) - _words(kind)
    found = [option for option in options if all(_contains(option, word) for word in wanted)]
    return found[:MAX_OPTIONS]


def _contains(option: dict[str, Any], word: str) -> bool:
    return any(word in text.lower() for text in _texts(option.values()))


def _texts(values: Iterable[Any]) -> Iterable[str]:
    for value in values:
        if isinstance(value, str):
            yield value
        elif isinstance(value, list | tuple):
            yield from _texts(value)
