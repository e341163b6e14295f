"""Agent profiles: created, changed and archived; each change compiles the prompt, page "Profiles API"."""

from __future__ import annotations

from typing import Any

from ringback.carrier.clock import iso_z
from ringback.gateway.services import Services
from ringback.vendors.phonestack import errors
from ringback.vendors.phonestack.records import VOICES, Profile
from ringback.vendors.phonestack.rules.common import given, new_id, owned
from ringback.vendors.phonestack.rules.fields import Fields
from ringback.vendors.phonestack.rules.pagination import list_page
from ringback.vendors.phonestack.store import Store
from ringback.vendors.phonestack.wire.requests import PageQuery, ProfileBody, ProfilePatch
from ringback.vendors.phonestack.wire.responses import ListEnvelope, ProfileView


class Profiles:
    """The profiles of all organizations."""

    def __init__(self, services: Services, store: Store, fields: Fields) -> None:
        self._services = services
        self._store = store
        self._fields = fields
        self.records = store.profiles

    def create(self, account: str, body: ProfileBody, id_: str | None = None) -> ProfileView:
        """Create a profile and compile it. Raises ApiError 400."""
        extract = tuple(dict.fromkeys(body.extract_fields))
        self._fields.check_extract(account, extract, "extract_fields")
        voice = body.voice or next(iter(VOICES))
        _check_voice(voice)
        now = self._services.clock.now(account)
        profile = Profile(
            id=id_ or new_id(self._services, account, "prof"),
            account=account,
            name=body.name,
            persona=body.persona,
            opener=body.opener,
            guardrails=body.guardrails,
            voice=voice,
            extract_fields=extract,
            created_at=now,
            updated_at=now,
            compiled_at=now,
        )
        profile.prompt = self._prompt(profile)
        return self.view(self.records.add(profile))

    def update(self, profile: Profile, body: ProfilePatch) -> ProfileView:
        """Change a profile and compile it. Raises ApiError 400."""
        changes = given(body, *ProfilePatch.__struct_fields__)
        if "extract_fields" in changes:
            changes["extract_fields"] = tuple(dict.fromkeys(changes["extract_fields"]))
            self._fields.check_extract(profile.account, changes["extract_fields"], "extract_fields")
        if "voice" in changes:
            _check_voice(changes["voice"])
        self.compile(profile, changes)
        return self.view(profile)

    def archive(self, profile: Profile) -> ProfileView:
        """Archive a profile; its calls still name it. Archiving it twice changes nothing more."""
        if profile.archived_at is None:
            now = self._services.clock.now(profile.account)
            self.records.update(profile, archived_at=now, updated_at=now)
        return self.view(profile)

    def get(self, account: str, id_: str) -> Profile:
        """Return an organization's profile, also an archived one. Raises ApiError 404."""
        return owned(self.records, account, id_, "Profile")

    def get_active(self, account: str, id_: str) -> Profile:
        """Return a profile that is in use. Raises ApiError 404, and 409 for an archived one."""
        profile = self.get(account, id_)
        if profile.archived_at is not None:
            raise errors.error("INVALID_STATE", "The profile is archived", param="profile_id")
        return profile

    def page(self, account: str, query: PageQuery) -> ListEnvelope[ProfileView]:
        """Return a page of active profiles, newest first. Raises ApiError 400."""
        return list_page(query, self.records, "active", account, self.view)

    def rename_field(self, account: str, before: str, after: str | None) -> None:
        """Compile the active profiles that extract a field after its change; without `after` they drop it."""
        for profile in self.records.oldest("active", account):
            if before in profile.extract_fields:
                names = [after if name == before else name for name in profile.extract_fields]
                self.compile(profile, {"extract_fields": tuple(name for name in names if name is not None)})

    # -- compiling ------

    def compile(self, profile: Profile, changes: dict[str, Any]) -> None:
        """Apply changes and compile the prompt."""
        now = self._services.clock.now(profile.account)
        self.records.update(profile, **changes, updated_at=now, compiled_at=now, version=profile.version + 1)
        profile.prompt = self._prompt(profile)

    def _prompt(self, profile: Profile) -> str:
        """Return the prompt of a profile, from its parts in order."""
        parts = [f"You are {profile.name}, and you speak with the voice {profile.voice}."]
        for title, text in (
            ("Persona", profile.persona),
            ("Open the call with", profile.opener),
            ("Guardrails", profile.guardrails),
        ):
            if text:
                parts.append(f"{title}: {text}")
        if profile.extract_fields:
            lines = [self._question(profile.account, name) for name in profile.extract_fields]
            parts.append("Find out:\n" + "\n".join(lines))
        return "\n\n".join(parts)

    def _question(self, account: str, name: str) -> str:
        field = self._store.field_named(account, name)
        if field is None:
            return f"- {name}"
        options = f": {', '.join(field.options)}" if field.options else ""
        return f"- {name} ({field.type}{options}) {field.description or ''}".rstrip()

    def view(self, profile: Profile) -> ProfileView:
        """Return a profile as the API shows it."""
        return ProfileView(
            profile.id,
            profile.name,
            profile.persona,
            profile.opener,
            profile.guardrails,
            profile.voice,
            profile.extract_fields,
            "active" if profile.archived_at is None else "archived",
            profile.version,
            profile.prompt,
            iso_z(profile.compiled_at),
            iso_z(profile.created_at),
            iso_z(profile.updated_at),
        )


def _check_voice(name: str) -> None:
    if name not in VOICES:
        raise errors.invalid("voice", f"must be one of {', '.join(VOICES)}")
