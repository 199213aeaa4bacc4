"""How clients are made: one session, one identity, one set of limits for a whole run.

The SDK is imported when the first client is made, so a verb that does not call AWS does not pay for it. The endpoint is
AWS's own unless the environment says otherwise (`AWS_ENDPOINT_URL`), which the SDK reads by itself.
"""

import re
import threading
from collections.abc import Callable
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Final, Literal, cast
from urllib.parse import urlsplit

from pipeline import __version__
from pipeline.model.clock import Clock
from pipeline.provisioners.aws.limits import Limits, Tollgate
from pipeline.provisioners.aws.meanings import THROTTLING_CODES
from pipeline.provisioners.aws.read_only import refuse_writes
from pipeline.provisioners.aws.writes import ApiWrite, WriteNotes, remember, remember_subject

if TYPE_CHECKING:
    from botocore.config import Config
    from botocore.session import Session
    from mypy_boto3_account.client import AccountClient
    from mypy_boto3_organizations.client import OrganizationsClient
    from mypy_boto3_resourcegroupstaggingapi.client import ResourceGroupsTaggingAPIClient
    from mypy_boto3_sts.client import STSClient

    from pipeline.provisioners.aws.whereabouts import Whereabouts

ATTEMPTS: Final = 6
"""Tries of one call by the SDK, for lost connections and AWS's own faults; the engine repeats the operation after that."""

_CONNECTIONS: Final = 24
_SESSION_NAME_LENGTH: Final = 64
_HOMES: Final = (
    ("cn-", "cn-northwest-1"),
    ("us-gov-", "us-gov-west-1"),
    ("us-iso-", "us-iso-east-1"),
    ("us-isob-", "us-isob-east-1"),
    ("eu-isoe-", "eu-isoe-west-1"),
    ("us-isof-", "us-isof-south-1"),
)


def home_of_organizations(region: str) -> str:
    """The Region where the partition of `region` keeps its organizations, their accounts and the tags of those.

    https://docs.aws.amazon.com/general/latest/gr/ao.html
    """
    return next((home for prefix, home in _HOMES if region.startswith(prefix)), "us-east-1")


def session_name(run_id: str) -> str:
    """The name of our sessions in CloudTrail: `vend-<run id>`, in the characters and the length that STS allows."""
    return re.sub(r"[^\w+=,.@-]", "-", f"vend-{run_id}", flags=re.ASCII)[:_SESSION_NAME_LENGTH]


class Connection:
    """Clients of the services of the management account. Safe to use from many threads.

    `role_arn`: a role to act as, instead of the credentials that the SDK finds; renewed before it expires. `read_only`:
    every call that is not a known read is refused before anything is sent. `on_write` hears of every request that may
    have changed something. `limits`: give the same to all connections of a run.
    """

    def __init__(
        self,
        *,
        region: str,
        run_id: str,
        clock: Clock,
        role_arn: str | None = None,
        read_only: bool = False,
        on_write: Callable[[ApiWrite], None] | None = None,
        limits: Limits | None = None,
    ) -> None:
        self.clock = clock
        self.read_only = read_only
        self.run_id = run_id
        self.home_region = region
        self._role_arn = role_arn
        self._on_write = on_write
        self._limits = limits or Limits(clock)
        self._lock = threading.RLock()
        self._session: Session | None = None
        self._clients: dict[tuple[str, bool, str | None], Any] = {}
        self._clients_inside: dict[tuple[str, str], Any] = {}
        self._token_services: dict[str, STSClient] = {}
        self._inside: Session | None = None
        self._whereabouts: Whereabouts | None = None

    @property
    def organizations(self) -> "OrganizationsClient":
        return cast("OrganizationsClient", self.client("organizations"))

    @property
    def organizations_once(self) -> "OrganizationsClient":
        """Sends each request once: for `CreateAccount`, where another look comes before another try."""
        return cast("OrganizationsClient", self.client("organizations", once=True))

    @property
    def account(self) -> "AccountClient":
        return cast("AccountClient", self.client("account"))

    @property
    def tagging(self) -> "ResourceGroupsTaggingAPIClient":
        return cast("ResourceGroupsTaggingAPIClient", self.client("resourcegroupstaggingapi"))

    def client(self, service: str, *, once: bool = False, region: str | None = None) -> Any:
        """The client of a service, made at the first use; without a `region`, where organizations are at home."""
        with self._lock:
            if (service, once, region) not in self._clients:
                self._clients[service, once, region] = self._make_client(service, once=once, region=region)
            return self._clients[service, once, region]

    @property
    def partition(self) -> str:
        """The partition of the home Region, like `aws` or `aws-cn`."""
        with self._lock:
            return str(self._make_session().get_partition_for_region(self.home_region))

    def token_service(self, region: str | None = None) -> "STSClient":
        """STS, in the home Region unless told another: no call of it changes anything, so none is refused or noted."""
        where = region or self.home_region
        with self._lock:
            if where not in self._token_services:
                config = self._config(mode="standard", attempts=ATTEMPTS)
                made = self._make_session().create_client("sts", where, config=config)
                self._token_services[where] = cast("STSClient", made)
            return self._token_services[where]

    @property
    def whereabouts(self) -> "Whereabouts":
        """In which member account the calling thread is."""
        from pipeline.provisioners.aws.whereabouts import Whereabouts  # noqa: PLC0415 - takes the SDK along

        with self._lock:
            if self._whereabouts is None:
                self._whereabouts = Whereabouts()
            return self._whereabouts

    def client_inside(self, service: str, region: str) -> Any:
        """A client that acts in the member account that the calling thread is in; made at the first use.

        Each account has limits of its own, so a refusal of one must not slow down the others: no adaptive retries.
        """
        with self._lock:
            if (service, region) not in self._clients_inside:
                config = self._config(mode="standard", attempts=ATTEMPTS)
                client = self._session_inside().create_client(service, region_name=region, config=config)
                if _is_address(endpoint := client.meta.endpoint_url):
                    client.meta.events.register("before-call", lambda *, params, **_: _keep_host(params, endpoint))
                self._watch(client, subject=lambda: self.whereabouts.current_account)
                self._clients_inside[service, region] = client
            return self._clients_inside[service, region]

    def _make_client(self, service: str, *, once: bool, region: str | None) -> Any:
        config = self._config(mode="standard", attempts=1) if once else self._config(mode="adaptive", attempts=ATTEMPTS)
        home = region or home_of_organizations(self.home_region)
        client = self._make_session().create_client(service, region_name=home, config=config)
        self._watch(client)
        return client

    def _config(self, *, mode: Literal["standard", "adaptive"], attempts: int) -> "Config":
        from botocore.config import Config  # noqa: PLC0415 - the SDK takes 0.3 s to import; most verbs never call AWS

        return Config(
            user_agent_extra=f"vend/{__version__} run/{self.run_id}",
            retries={"mode": mode, "total_max_attempts": attempts},
            max_pool_connections=_CONNECTIONS,
            connect_timeout=10,
            read_timeout=60,
        )

    def _watch(self, client: Any, subject: Callable[[], str | None] | None = None) -> None:
        service, events = client.meta.service_model.service_name, client.meta.events
        if self.read_only:
            events.register_first("provide-client-params", refuse_writes)
        tollgate = Tollgate(service, self._limits, THROTTLING_CODES)
        # First of the handlers that the signer is among: the request is signed after the wait, not before.
        events.register_first(
            f"request-created.{client.meta.service_model.service_id.hyphenize()}", tollgate.request_created
        )
        events.register("response-received", tollgate.response_received)
        if self._on_write is not None:
            events.register("provide-client-params", remember_subject if subject is None else remember(subject))
            events.register("response-received", WriteNotes(service, self._on_write, self.clock).response_received)

    def _make_session(self) -> "Session":
        from pipeline.provisioners.aws.descriptions import new_session  # noqa: PLC0415 - as above

        if self._session is None:
            session = new_session()
            self._session = session if self._role_arn is None else self._session_of_role(session, self._role_arn)
        return self._session

    def _session_inside(self) -> "Session":
        """A session of whichever account it is."""
        from botocore.credentials import CredentialResolver  # noqa: PLC0415 - as above

        from pipeline.provisioners.aws.descriptions import new_session  # noqa: PLC0415 - as above
        from pipeline.provisioners.aws.role import GivenProvider  # noqa: PLC0415 - as above

        if self._inside is None:
            self._inside = new_session()
            resolver = CredentialResolver([GivenProvider(self.whereabouts)])
            self._inside.register_component("credential_provider", resolver)
        return self._inside

    def _session_of_role(self, source: "Session", role_arn: str) -> "Session":
        from botocore.credentials import CredentialResolver  # noqa: PLC0415 - as above

        from pipeline.provisioners.aws.descriptions import new_session  # noqa: PLC0415 - as above
        from pipeline.provisioners.aws.role import RoleProvider  # noqa: PLC0415 - as above

        session = new_session()
        provider = RoleProvider(source, role_arn, session_name(self.run_id), self.home_region)
        session.register_component("credential_provider", CredentialResolver([provider]))
        return session


def _is_address(url: str) -> bool:
    """Whether an endpoint is named by its address: then no host name can go before it, as S3 Control's account id does."""
    try:
        ip_address(urlsplit(url).hostname or "")
    except ValueError:
        return False
    return True


def _keep_host(params: dict[str, Any], endpoint: str) -> None:
    """Send to the endpoint itself: the SDK has put an account id before its host (botocore event `before-call`)."""
    params["url"] = urlsplit(params["url"])._replace(netloc=urlsplit(endpoint).netloc).geturl()
