"""The way to the server, and what is wrong with it in our words."""

import dataclasses
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client
from temporalio.converter import DataConverter
from temporalio.service import RPCError, RPCStatusCode, TLSConfig

from pipeline.errors import SettingsError, TemporaryServiceError
from pipeline.reconcile.temporal.codec import Compressing

_PATIENCE: Final = timedelta(seconds=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """PEM files: who has signed the server's certificate, and our own certificate with its key; None for the usual ones, or none.

    `server_name`: the name in the server's certificate, where it is not that of the address.
    """

    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    server_name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """`address`: HOST:PORT. `tls` None: in the clear. `api_key` is a secret, and appears in no text."""

    address: str = "127.0.0.1:7233"
    namespace: str = "default"
    tls: Tls | None = None
    api_key: str | None = dataclasses.field(default=None, repr=False)


async def connect(server: Server, identity: str) -> Client:
    """A client that has reached its namespace. Raises `SettingsError`, or `TemporaryServiceError` if nobody answers."""
    try:
        client = await Client.connect(
            server.address,
            namespace=server.namespace,
            api_key=server.api_key,
            tls=False if server.tls is None else _tls(server.tls),
            connect_timeout=_PATIENCE,
            identity=identity,
            data_converter=dataclasses.replace(DataConverter.default, payload_codec=Compressing()),
        )
        await client.workflow_service.describe_namespace(
            DescribeNamespaceRequest(namespace=server.namespace), timeout=_PATIENCE
        )
    except RPCError as error:
        raise translated(error, server) from error
    except (RuntimeError, ValueError) as error:
        raise _unreachable(str(error), server) from error
    return client


def translated(error: RPCError, server: Server) -> SettingsError | TemporaryServiceError:
    """An error of the server as one of ours."""
    match error.status:
        case RPCStatusCode.NOT_FOUND:
            return SettingsError(
                f'engine.namespace: the Temporal server at "{server.address}" has no namespace "{server.namespace}"',
                hint="correct engine.namespace in vending.yaml, or have the namespace made: temporal operator namespace create",
            )
        case RPCStatusCode.UNAUTHENTICATED | RPCStatusCode.PERMISSION_DENIED:
            return SettingsError(
                f'engine: the Temporal server at "{server.address}" refuses us: {error.message}',
                hint="correct engine.api_key_from or engine.tls in vending.yaml",
            )
        case _:
            return _unreachable(error.message, server)


def _unreachable(why: str, server: Server) -> SettingsError | TemporaryServiceError:
    text = " ".join(why.split())
    if any(word in text.lower() for word in ("certificate", "tls", "invalidcontenttype", "private key")):
        return SettingsError(
            f'engine.tls: no trusted connection to the Temporal server at "{server.address}": {text}',
            hint="correct engine.tls in vending.yaml: its certificates, or server_name",
        )
    hint = "see that it runs and that engine.address in vending.yaml is right; nothing was submitted"
    return TemporaryServiceError(f'the Temporal server at "{server.address}" does not answer: {text}', hint=hint)


def _tls(tls: Tls) -> TLSConfig:
    return TLSConfig(
        server_root_ca_cert=_bytes("ca", tls.ca),
        client_cert=_bytes("certificate", tls.certificate),
        client_private_key=_bytes("key", tls.key),
        domain=tls.server_name,
    )


def _bytes(name: str, path: Path | None) -> bytes | None:
    try:
        return None if path is None else path.read_bytes()
    except OSError as error:
        raise SettingsError(
            f'engine.tls.{name}: "{path}" cannot be read: {error.strerror}', hint="correct it in vending.yaml"
        ) from error
