"""Single accounts as AWS has them at this moment."""

from dataclasses import dataclass

from botocore.exceptions import ClientError

from pipeline.model.account import Contact, ContactType
from pipeline.provisioners.aws.organizations.details import read_contact
from pipeline.provisioners.aws.organizations.organization import Organization
from pipeline.provisioners.aws.organizations.records import is_closed, parent_of
from pipeline.provisioners.aws.organizations.tags import tags_of
from pipeline.provisioners.aws.translation import code_of


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenAccount:
    account_id: str
    name: str
    email: str
    organizational_unit: str
    is_closed: bool


class Accounts:
    """Reads of one account, fresh each time: what a step acts on must not be remembered."""

    def __init__(self, organization: Organization) -> None:
        self._organization = organization
        self._connection = organization.connection

    def see(self, account_id: str) -> SeenAccount:
        """Raises the SDK's AccountNotFoundException where there is no such account, or none yet."""
        account = self._connection.organizations.describe_account(AccountId=account_id)["Account"]
        return SeenAccount(
            account_id=account_id,
            name=account.get("Name", ""),
            email=account.get("Email", ""),
            organizational_unit=self._organization.units.path_of(parent_of(account) or self._parent(account_id)),
            is_closed=is_closed(account),
        )

    def see_if_there(self, account_id: str) -> SeenAccount | None:
        try:
            return self.see(account_id)
        except ClientError as error:
            if code_of(error) == "AccountNotFoundException":
                return None
            raise

    def tags(self, account_id: str) -> dict[str, str]:
        return tags_of(self._connection.organizations, account_id)

    def contact(self, account_id: str, contact_type: ContactType) -> Contact | None:
        return read_contact(self._connection, contact_type, {"AccountId": account_id})

    def _parent(self, account_id: str) -> str:
        """Where a server does not tell `Paths` with the account."""
        return self._connection.organizations.list_parents(ChildId=account_id)["Parents"][0]["Id"]
