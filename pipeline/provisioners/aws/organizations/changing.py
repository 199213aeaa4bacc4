"""The steps on accounts that exist, and on units: look, act unless it is done, read until it shows."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from botocore.exceptions import ClientError

from pipeline.model.account import REPOSITORY_TAG, REQUEST_TAG, ROOT, Contact, ContactType
from pipeline.model.operation import Done, Result, Vanished
from pipeline.provisioners.aws.organizations.accounts import Accounts
from pipeline.provisioners.aws.organizations.details import api_type
from pipeline.provisioners.aws.organizations.organization import Organization
from pipeline.provisioners.aws.organizations.settling import settle
from pipeline.provisioners.aws.organizations.units import split
from pipeline.provisioners.aws.translation import code_of, refusal
from pipeline.provisioners.ownership import owner_of
from pipeline.provisioners.preconditions import Look, compare, compare_all
from pipeline.provisioners.steps import Claim, Close, MakeUnit, Move, RemoveTags, Rename, SetContact, SetTags

if TYPE_CHECKING:
    from collections.abc import Callable

REINSTATABLE = "closing; AWS can reinstate it for 90 days"

_MOVED_MEANWHILE = frozenset({"DuplicateAccountException", "SourceParentNotFoundException"})
_UNSETTLED = "written, and not visible yet"


class Changing:
    """Each method is one step. `tags` are the account's, just read. Safe to use from many threads."""

    def __init__(self, organization: Organization, accounts: Accounts) -> None:
        self._organization = organization
        self._accounts = accounts
        self._connection = organization.connection

    def make_unit(self, step: MakeUnit) -> Result:
        units = self._organization.units
        parent_path, name = split(step.path)
        parent = units.find(parent_path)
        if parent is None:
            return Vanished(reason=f'unit "{step.path}": the unit above it, "{parent_path}", is not there')
        if (unit := units.find(step.path)) is not None:
            return Done(message=f"unit {unit.unit_id} is there already", facts={"unit_id": unit.unit_id})
        call = self._connection.organizations.create_organizational_unit
        refused = refusal(
            frozenset({"DuplicateOrganizationalUnitException"}), lambda: call(ParentId=parent.unit_id, Name=name)
        )
        made = settle(self._connection.clock, lambda: units.find(step.path), f'unit "{step.path}": {_UNSETTLED}')
        return Done(message="is there already" if refused else "created", facts={"unit_id": made.unit_id})

    def move(self, step: Move, account_id: str) -> Result:
        def look() -> Look | Vanished:
            unit = self._accounts.see(account_id).organizational_unit
            return compare(account_id, "its unit", unit, before=step.before, after=step.after)

        source, destination = (self._organization.units.find(path) for path in (step.before, step.after))
        if destination is None:
            return Vanished(reason=f'account "{account_id}": the unit "{step.after}" is not there')

        def act() -> None:
            self._move(account_id, source.unit_id if source else "", destination.unit_id, step)

        where = "the root" if step.after == ROOT else step.after
        return self._carry_out(look, act, f'account "{account_id}": its move', f"moved to {where}")

    def rename(self, step: Rename) -> Result:
        def look() -> Look | Vanished:
            name = self._accounts.see(step.account_id).name
            return compare(step.account_id, "its name", name, before=step.before, after=step.after)

        def act() -> None:
            self._connection.account.put_account_name(AccountId=step.account_id, AccountName=step.after)

        return self._carry_out(look, act, f'account "{step.account_id}": its name', f'renamed to "{step.after}"')

    def claim(self, step: Claim, account_id: str) -> Result:
        def look() -> Look | Vanished:
            owner = owner_of(self._accounts.tags(account_id))
            return compare(account_id, "its ownership", owner, before=step.owner_before, after=step.owner_after)

        def act() -> None:
            self._tag(account_id, {REQUEST_TAG: step.key, REPOSITORY_TAG: step.repository})

        return self._carry_out(
            look, act, f'account "{account_id}": its ownership tags', f"marked as {step.owner_after}"
        )

    def set_tags(self, step: SetTags, account_id: str) -> Result:
        def look() -> Look | Vanished:
            return compare_all(account_id, self._accounts.tags(account_id), before=step.before, after=step.after)

        def act() -> None:
            self._tag(account_id, step.after)

        return self._carry_out(look, act, f'account "{account_id}": its tags', _tagged("set", step.after))

    def remove_tags(self, step: RemoveTags) -> Result:
        def look() -> Look | Vanished:
            current = self._accounts.tags(step.account_id)
            return compare_all(step.account_id, current, before=step.before, after=dict.fromkeys(step.before))

        def act() -> None:
            self._connection.organizations.untag_resource(ResourceId=step.account_id, TagKeys=sorted(step.before))

        return self._carry_out(look, act, f'account "{step.account_id}": its tags', _tagged("removed", step.before))

    def set_contact(self, step: SetContact, account_id: str) -> Result:
        contact_type = ContactType(step.contact_type)
        before, after = step.contact_before, step.contact_after

        def look() -> Look | Vanished:
            current = self._accounts.contact(account_id, contact_type)
            return compare(account_id, f"its {step.contact_type} contact", current, before=before, after=after)

        def act() -> None:
            self._put_contact(account_id, contact_type, after)

        done = f"{step.contact_type} contact {'removed' if after is None else 'set'}"
        return self._carry_out(look, act, f'account "{account_id}": its {step.contact_type} contact', done)

    def close(self, step: Close) -> Result:
        def look() -> Look:
            return Look.DONE if self._accounts.see(step.account_id).is_closed else Look.ACT

        def act() -> None:
            call = self._connection.organizations.close_account
            refusal(frozenset({"AccountAlreadyClosedException"}), lambda: call(AccountId=step.account_id))

        return self._carry_out(look, act, f'account "{step.account_id}": its closing', REINSTATABLE)

    def _carry_out(
        self, look: "Callable[[], Look | Vanished]", act: "Callable[[], None]", what: str, done: str
    ) -> Result:
        """Look; act unless it is done; look until it shows. A third value, before or after, is somebody else's change."""
        seen = look()
        if seen is Look.ACT:
            act()

            def changed() -> Look | Vanished | None:
                now = look()
                return None if now is Look.ACT else now

            seen = cast("Look | Vanished", settle(self._connection.clock, changed, f"{what} {_UNSETTLED}"))
        return seen if isinstance(seen, Vanished) else Done(message=done)

    def _move(self, account_id: str, source: str, destination: str, step: Move) -> None:
        """Refusals that mean "it is not where you think" are left to the look that follows."""
        call = self._connection.organizations.move_account
        try:
            refusal(
                _MOVED_MEANWHILE,
                lambda: call(AccountId=account_id, SourceParentId=source, DestinationParentId=destination),
            )
        except ClientError as error:
            if code_of(error) == "DestinationParentNotFoundException":
                self._organization.units.forget(step.after)
            raise

    def _tag(self, account_id: str, tags: Mapping[str, str]) -> None:
        self._connection.organizations.tag_resource(
            ResourceId=account_id, Tags=[{"Key": name, "Value": value} for name, value in tags.items()]
        )

    def _put_contact(self, account_id: str, contact_type: ContactType, contact: Contact | None) -> None:
        which: dict[str, Any] = {"AccountId": account_id, "AlternateContactType": api_type(contact_type)}
        if contact is None:
            call = self._connection.account.delete_alternate_contact
            refusal(frozenset({"ResourceNotFoundException"}), lambda: call(**which))
            return
        self._connection.account.put_alternate_contact(
            Name=contact.name, Title=contact.title, EmailAddress=contact.email, PhoneNumber=contact.phone, **which
        )


def _tagged(verb: str, tags: Mapping[str, Any]) -> str:
    return f"{verb} {'tag' if len(tags) == 1 else 'tags'} {', '.join(sorted(tags))}"
