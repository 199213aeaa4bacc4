"""The way to a Temporal server: whatever is wrong with it is said in terms of vending.yaml, soon, and nothing was submitted."""

import asyncio
import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from pipeline.errors import SettingsError, TemporaryServiceError, VendError
from pipeline.reconcile.temporal.connection import Server, Tls, connect
from tests.temporal_bench import TemporalServer

NOW = datetime.now(UTC)
Signer = tuple[x509.Certificate, ec.EllipticCurvePrivateKey]


class Certificates:
    """Two authorities, and certificates of theirs, as PEM files `NAME.pem` and `NAME.key`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        ours = self._make("ours")
        others = self._make("others")
        self._make("server", ours)
        self._make("expired", ours, days=-1)
        self._make("client", ours)
        self._make("stranger", others)

    def __getitem__(self, name: str) -> Path:
        return self._folder / name

    def _make(self, name: str, signer: Signer | None = None, days: int = 1) -> Signer:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        names = [x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))]
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject if signer is None else signer[0].subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(NOW - timedelta(days=3))
            .not_valid_after(NOW + timedelta(days=days))
            .add_extension(x509.BasicConstraints(ca=signer is None, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
        )
        certificate = builder.sign(key if signer is None else signer[1], hashes.SHA256())
        self[f"{name}.pem"].write_bytes(certificate.public_bytes(Encoding.PEM))
        self[f"{name}.key"].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return certificate, key


class TlsDoor:
    """A door with TLS in front of the server, as a load balancer is."""

    def __init__(self, certificates: Certificates, name: str, behind: int, *, asks: bool = False) -> None:
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificates[f"{name}.pem"], certificates[f"{name}.key"])
        self._context.set_alpn_protocols(["h2"])
        if asks:
            self._context.verify_mode = ssl.CERT_REQUIRED
            self._context.load_verify_locations(certificates["ours.pem"])
        self._behind = behind
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._listen, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _listen(self) -> None:
        with suppress(OSError):
            while True:
                caller, _ = self._listener.accept()
                threading.Thread(target=self._let_in, args=(caller,), daemon=True).start()

    def _let_in(self, caller: socket.socket) -> None:
        try:
            inside = self._context.wrap_socket(caller, server_side=True)
        except OSError:
            return
        with suppress(OSError), inside, socket.create_connection(("127.0.0.1", self._behind)) as server:
            threading.Thread(target=_pass_on, args=(server, inside), daemon=True).start()
            _pass_on(inside, server)


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_RDWR)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def door(certificates: Certificates, temporal_server: TemporalServer) -> Iterator[Callable[..., TlsDoor]]:
    doors: list[TlsDoor] = []

    def opened(name: str, *, asks: bool = False) -> TlsDoor:
        doors.append(TlsDoor(certificates, name, temporal_server.port, asks=asks))
        return doors[-1]

    yield opened
    for each in doors:
        each.close()


def reach(address: str, tls: Tls | None) -> None:
    asyncio.run(connect(Server(address=address, tls=tls), "test"))


def test_a_server_behind_tls_is_reached_with_its_authority_and_with_a_certificate_where_it_asks_for_one(
    certificates: Certificates, door: Callable[..., TlsDoor]
) -> None:
    authority, own = certificates["ours.pem"], (certificates["client.pem"], certificates["client.key"])

    reach(door("server").address, Tls(ca=authority))
    reach(door("server").address, Tls(ca=authority, server_name="localhost"))
    reach(door("server", asks=True).address, Tls(ca=authority, certificate=own[0], key=own[1]))


@pytest.mark.parametrize(
    ("server", "trust", "what"),
    [
        ("server", ("others.pem", None), "nobody that we trust has signed its certificate"),
        ("server", (None, None), "nobody that we trust has signed its certificate"),
        ("server", ("ours.pem", "temporal.example.com"), r"not for that name: see engine\.tls\.server_name"),
        ("expired", ("ours.pem", None), "its certificate has expired"),
    ],
    ids=["another-authority", "none-that-is-known", "another-name", "expired"],
)
def test_a_certificate_of_the_server_that_cannot_be_trusted_is_told_as_such(
    certificates: Certificates,
    door: Callable[..., TlsDoor],
    server: str,
    trust: tuple[str | None, str | None],
    what: str,
) -> None:
    ca, name = trust
    with pytest.raises(SettingsError, match=rf"engine\.tls: no trusted connection .*: .*{what}"):
        reach(door(server).address, Tls(ca=certificates[ca] if ca else None, server_name=name))


@pytest.mark.parametrize(
    ("own", "what"),
    [
        ((None, None), "it asks for a certificate of ours"),
        (("stranger.pem", "stranger.key"), "it does not accept our certificate"),
        (("client.pem", "stranger.key"), r"engine\.tls\.key is not the key of engine\.tls\.certificate"),
        (("client.pem", "client.pem"), r"engine\.tls\.key holds no private key"),
    ],
    ids=["none", "of-a-stranger", "with-another-key", "without-a-key"],
)
def test_a_certificate_of_ours_that_does_not_do_is_told_as_such(
    certificates: Certificates, door: Callable[..., TlsDoor], own: tuple[str | None, str | None], what: str
) -> None:
    certificate, key = (certificates[name] if name else None for name in own)
    tls = Tls(ca=certificates["ours.pem"], certificate=certificate, key=key)
    with pytest.raises(VendError) as caught:
        reach(door("server", asks=True).address, tls)
    said = f"{caught.value}; {caught.value.hint}"
    # The server's reason may be lost on the way, where it ends the connection before it was read.
    assert re.search(
        rf"engine\.tls: .*{what}|it ends the connection; .* that the server trusts engine\.tls\.certificate", said
    )


def test_a_server_that_wants_tls_is_not_taken_for_one_that_is_down(door: Callable[..., TlsDoor]) -> None:
    with pytest.raises(TemporaryServiceError, match="it ends the connection") as caught:
        reach(door("server").address, None)
    assert "engine.tls" in caught.value.hint


def test_tls_where_the_server_has_none_is_told_as_such(temporal_server: TemporalServer) -> None:
    with pytest.raises(SettingsError, match="it does not speak TLS"):
        reach(temporal_server.address, Tls())


def test_a_web_page_in_the_place_of_the_server_is_told_as_such() -> None:
    with HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as page:
        page.RequestHandlerClass.log_message = lambda *_: None  # type: ignore[method-assign]  # it would talk to the terminal
        threading.Thread(target=page.serve_forever, daemon=True).start()
        with pytest.raises(TemporaryServiceError, match="it ends the connection") as caught:
            reach(f"127.0.0.1:{page.server_port}", None)
        page.shutdown()
    assert "not of its web page" in caught.value.hint


def test_a_name_that_nobody_has_is_told_as_such() -> None:
    with pytest.raises(TemporaryServiceError, match="no machine has that name"):
        reach("temporal.invalid:7233", None)


@pytest.mark.parametrize("tls", [None, Tls()], ids=["clear", "tls"])
def test_a_server_that_takes_a_connection_and_says_nothing_is_not_waited_for_without_end(tls: Tls | None) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        pytest.raises(TemporaryServiceError, match="does not answer: it is silent"),
    ):
        asyncio.run(connect(Server(address=f"127.0.0.1:{silent.getsockname()[1]}", tls=tls), "test", longest=0.3))
