"""Custom field definitions, and values checked against them, page "Custom Fields API"."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from msgspec import UNSET

from ringback.carrier.clock import iso_z
from ringback.gateway.services import Services
from ringback.vendors.phonestack import errors
from ringback.vendors.phonestack.records import Category, Field, FieldType
from ringback.vendors.phonestack.rules.common import given, new_id, owned
from ringback.vendors.phonestack.rules.pagination import list_page
from ringback.vendors.phonestack.store import Store
from ringback.vendors.phonestack.wire.requests import FieldBody, FieldFilters, FieldPatch
from ringback.vendors.phonestack.wire.responses import FieldView, ListEnvelope

ON_CONTACTS: frozenset[Category] = frozenset(("contact", "both"))
ON_CALLS: frozenset[Category] = frozenset(("extraction", "both"))
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T.+)?", re.ASCII)
EXPECTED: dict[FieldType, str] = {
    "string": "must be text",
    "number": "must be a number",
    "boolean": "must be true or false",
    "date": "must be an ISO date such as 2026-01-31",
}


class Fields:
    """The definitions of all organizations.

    The backend sets `on_changed`, called with the account and a field's name before and after, None once it is deleted.
    """

    on_changed: Callable[[str, str, str | None], None]

    def __init__(self, services: Services, store: Store) -> None:
        self._services = services
        self._store = store
        self.records = store.fields

    # -- definitions ------

    def create(self, account: str, body: FieldBody) -> FieldView:
        """Define a field. Raises ApiError 400 or 409."""
        self.check_name(account, body.name, None)
        options = _options(body.type, body.options)
        now = self._services.clock.now(account)
        field = self.records.add(
            Field(
                id=new_id(self._services, account, "cf"),
                account=account,
                name=body.name,
                type=body.type,
                description=body.description,
                category=body.category,
                required=body.required,
                options=options,
                created_at=now,
                updated_at=now,
            )
        )
        return self.view(field)

    def update(self, field: Field, body: FieldPatch) -> FieldView:
        """Change a definition. Raises ApiError 400 or 409."""
        account = field.account
        changes = given(body, "name", "type", "description", "category", "required")
        if "name" in changes:
            self.check_name(account, changes["name"], field)
        kind = changes.get("type", field.type)
        if body.options is not UNSET:
            changes["options"] = _options(kind, body.options)
        elif kind == "enum":
            _options(kind, list(field.options))
        elif field.options:
            changes["options"] = ()
        if changes.get("category") == "contact":
            self._check_not_extracted(account, field.name)
        before = field.name
        self.records.update(field, **changes, updated_at=self._services.clock.now(account))
        self.on_changed(account, before, field.name)
        return self.view(field)

    def _check_not_extracted(self, account: str, name: str) -> None:
        for profile in self._store.profiles.oldest("active", account):
            if name in profile.extract_fields:
                problem = f"cannot be contact while profile {profile.name!r} extracts the field"
                raise errors.invalid("category", problem)

    def delete(self, field: Field) -> None:
        """Delete a definition; contacts keep their values."""
        self.records.remove(field)
        self.on_changed(field.account, field.name, None)

    def get(self, account: str, id_: str) -> Field:
        """Return an organization's definition. Raises ApiError 404."""
        return owned(self.records, account, id_, "Custom field")

    def page(self, account: str, query: FieldFilters) -> ListEnvelope[FieldView]:
        """Return a page of definitions, newest first. Raises ApiError 400."""
        if query.category is None:
            return list_page(query, self.records, "account", account, self.view)
        return list_page(query, self.records, "category", (account, query.category), self.view)

    def check_name(self, account: str, name: str, own: Field | None) -> None:
        """Check that no field but the `own` one has a name. Raises ApiError 409."""
        existing = self._store.field_named(account, name)
        if existing is not None and existing is not own:
            raise errors.error("DUPLICATE", f"A custom field named {name} exists already", param="name")

    # -- values ------

    def check_values(self, account: str, values: Mapping[str, Any]) -> None:
        """Check the custom fields of a contact or a call: required ones are present, and each that is defined for
        contacts has its type. Unknown ones pass. Raises ApiError 400."""
        if not self.records.count("account", account):
            return
        for category in ON_CONTACTS:
            for field in self.records.oldest("category", (account, category)):
                value = values.get(field.name)
                if value is None:
                    if field.required:
                        raise errors.missing(f"custom_fields.{field.name}")
                elif (problem := problem_of(field.type, field.options, value)) is not None:
                    raise errors.invalid(f"custom_fields.{field.name}", problem)

    # -- extraction ------

    def check_extract(self, account: str, names: Sequence[str], param: str) -> None:
        """Check that these are names of fields that calls can extract. Raises ApiError 400."""
        for name in names:
            field = self._store.field_named(account, name)
            if field is None:
                raise errors.invalid(param, f"names {name!r}, which is no custom field: create it first")
            if field.category not in ON_CALLS:
                raise errors.invalid(param, f"names {name!r}, a field of contacts only: give it category both")

    def view(self, field: Field) -> FieldView:
        """Return a definition as the API shows it."""
        return FieldView(
            field.id,
            field.name,
            field.type,
            field.description,
            field.category,
            field.required,
            list(field.options) if field.type == "enum" else None,
            iso_z(field.created_at),
            iso_z(field.updated_at),
        )


def _options(kind: FieldType, options: Sequence[str] | None) -> tuple[str, ...]:
    """Return the options of a field of this type. Raises ApiError 400."""
    if kind == "enum":
        if not options:
            raise errors.invalid("options", "is required for type enum: name at least one option")
        if len(set(options)) != len(options):
            raise errors.invalid("options", "names an option twice")
        return tuple(options)
    if options:
        raise errors.invalid("options", f"goes with type enum, not {kind}")
    return ()


def problem_of(kind: FieldType, options: Sequence[str], value: Any) -> str | None:
    """Return what is wrong with a value of a field, or None."""
    if kind == "enum":
        return None if isinstance(value, str) and value in options else f"must be one of {', '.join(options)}"
    if kind == "number":
        fits = isinstance(value, int | float) and not isinstance(value, bool)
    elif kind == "boolean":
        fits = isinstance(value, bool)
    else:
        fits = isinstance(value, str) and (kind == "string" or _is_date(value))
    return None if fits else EXPECTED[kind]


def _is_date(text: str) -> bool:
    if not _DATE.fullmatch(text):
        return False
    try:
        if len(text) == len("2026-01-31"):
            date.fromisoformat(text)
        else:
            datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
