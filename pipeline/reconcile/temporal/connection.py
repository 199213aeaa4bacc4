"""The way to the server, and what is wrong with it in our words."""

import asyncio
import dataclasses
import functools
import logging
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from temporalio.api.errordetails.v1 import NamespaceNotFoundFailure
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client
from temporalio.converter import DataConverter
from temporalio.runtime import LogForwardingConfig, LoggingConfig, Runtime, TelemetryConfig
from temporalio.service import RPCError, RPCStatusCode, TLSConfig

from pipeline.errors import SettingsError, TemporaryServiceError
from pipeline.reconcile.temporal.codec import Compressing
from pipeline.reconcile.temporal.refusals import unreachable

_PATIENCE: Final = timedelta(seconds=10)
_REFUSED: Final = "Failing legacy query request"
_LONGEST: Final = 30.0
"""Seconds; a server that is silent while TLS is agreed upon would be waited for without end."""


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


async def connect(server: Server, identity: str, longest: float = _LONGEST) -> Client:
    """A client that has reached its namespace. Raises `SettingsError`, or `TemporaryServiceError` if nobody answers.

    `longest`: seconds to try for.
    """
    try:
        return await asyncio.wait_for(_reach(server, identity), longest)
    except RPCError as error:
        raise translated(error, server) from error
    except TimeoutError as error:
        raise _unreachable("timed out", server) from error
    except (RuntimeError, ValueError) as error:
        raise _unreachable(str(error), server) from error


async def _reach(server: Server, identity: str) -> Client:
    client = await Client.connect(
        server.address,
        namespace=server.namespace,
        api_key=server.api_key,
        tls=False if server.tls is None else _tls(server.tls),
        connect_timeout=_PATIENCE,
        identity=identity,
        runtime=_runtime(),
        data_converter=dataclasses.replace(DataConverter.default, payload_codec=Compressing()),
    )
    await client.workflow_service.describe_namespace(
        DescribeNamespaceRequest(namespace=server.namespace), retry=True, timeout=_PATIENCE
    )
    return client


def is_news(record: logging.LogRecord) -> bool:
    """Whether it tells anybody anything. A query is refused because `runner.CautiousRunner` wants it, and is asked again."""
    return _REFUSED not in record.getMessage()


@functools.cache
def _runtime() -> Runtime:
    """One for the process. What the SDK's core has to say goes the way of everything else that is logged."""
    said = logging.getLogger(f"{__name__}.core")
    said.addFilter(is_news)
    forwarding = LogForwardingConfig(said, append_target_to_name=False, prepend_target_on_message=False)
    return Runtime(telemetry=TelemetryConfig(logging=dataclasses.replace(LoggingConfig.default, forwarding=forwarding)))


def is_gone(error: RPCError) -> bool:
    """Whether the server knows nothing of what was asked for. One that has just begun may not know its own namespaces yet."""
    details = error.grpc_status.details
    return error.status is RPCStatusCode.NOT_FOUND and not any(
        each.Is(NamespaceNotFoundFailure.DESCRIPTOR) for each in details
    )


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
        case RPCStatusCode.UNIMPLEMENTED:
            return SettingsError(
                f'engine.address: what answers at "{server.address}" is no Temporal server, or one that is too old: '
                f"{error.message}",
                hint="correct engine.address in vending.yaml, or have the server updated",
            )
        case _:
            return _unreachable(error.message, server)


def _unreachable(why: str, server: Server) -> SettingsError | TemporaryServiceError:
    return unreachable(why, server.address, with_tls=server.tls is not None or server.api_key is not None)


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
