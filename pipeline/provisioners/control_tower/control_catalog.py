"""What controls are made of, by AWS Control Catalog.

https://docs.aws.amazon.com/controlcatalog/latest/APIReference/API_GetControl.html
"""

import threading
from typing import Final

from botocore.exceptions import ClientError, ConnectTimeoutError, EndpointConnectionError

from pipeline.provisioners.aws.translation import code_of
from pipeline.provisioners.control_tower.clients import Clients

_UNTOLD: Final = frozenset({"AccessDeniedException", "ResourceNotFoundException", "ValidationException"})


class ControlCatalog:
    """One call for each control, whichever units it is on: what it is made of does not change. Safe to use from many threads."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients
        self._known: dict[str, str] = {}
        self._is_unreachable = False
        self._lock = threading.Lock()

    def implementation(self, control: str) -> str:
        """Like `AWS::Organizations::Policy::SERVICE_CONTROL_POLICY`; empty where it cannot be told.

        So it is for a role that may not ask, where nobody answers (a Region without the catalog, a network with endpoints of
        other services only), and for a control that it does not have: then an operation that AWS refuses tells it.
        """
        with self._lock:
            if control not in self._known:
                self._known[control] = self._read(control)
            return self._known[control]

    def _read(self, control: str) -> str:
        if self._is_unreachable:
            return ""
        try:
            answer = self._clients.control_catalog.get_control(ControlArn=control)
        except (ConnectTimeoutError, EndpointConnectionError):
            # Each try takes a minute of retries, and that of the next control would fare no better.
            self._is_unreachable = True
            return ""
        except ClientError as error:
            if code_of(error) in _UNTOLD:
                return ""
            raise
        return str((answer.get("Implementation") or {}).get("Type", ""))
