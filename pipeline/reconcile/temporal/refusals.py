"""What a connection that fails means, in our words: the layers below speak of themselves."""

import re
from typing import Final

from pipeline.errors import SettingsError, TemporaryServiceError

_TLS: Final = (
    (r"UnknownIssuer", "nobody that we trust has signed its certificate: engine.tls.ca is not its authority"),
    (r"NotValidForName", "its certificate is not for that name: see engine.tls.server_name"),
    (r"ExpiredContext|\bExpired\b", "its certificate has expired"),
    (r"NotValidYet", "its certificate is not valid yet: see the clock of this machine"),
    (r"fatal alert: CertificateRequired", "it asks for a certificate of ours: engine.tls.certificate and its key"),
    (r"fatal alert", "it does not accept our certificate, engine.tls.certificate"),
    (r"InconsistentKeys", "engine.tls.key is not the key of engine.tls.certificate"),
    (r"PrivateKeyParse|private key", "engine.tls.key holds no private key in PEM"),
    (r"InvalidContentType", "it does not speak TLS: leave engine.tls out"),
    (r"(?i)certificate|\btls\b", ""),
)
"""By what the error of the TLS library (rustls) holds; without words of ours its own are shown."""

_ENDS: Final = "it ends the connection"
_REST: Final = (
    (r"dns error", "no machine has that name"),
    (r"ConnectionRefused|Connection refused", "nothing listens there"),
    (r"connection closed|ConnectionReset|transport error|h2 protocol error", _ENDS),
    (r"TimeoutExpired|Timeout expired|timed out|(?i:deadline)", "it is silent"),
)

_IN_THE_CLEAR: Final = (
    "see that engine.address in vending.yaml is the port of its frontend (7233) and not of its web page, "
    "and that engine.tls is there if the server wants TLS; nothing was submitted"
)
_WITH_TLS: Final = (
    "see that engine.address in vending.yaml is the port of its frontend, and that the server trusts engine.tls.certificate, "
    "or wants none; nothing was submitted"
)
_RUNS: Final = "see that it runs and that engine.address in vending.yaml is right; nothing was submitted"


def unreachable(why: str, address: str, *, with_tls: bool) -> SettingsError | TemporaryServiceError:
    """`why`: the text of an error of the connection."""
    text = " ".join(why.split())
    if (words := _words(_TLS, text)) is not None:
        return SettingsError(
            f'engine.tls: no trusted connection to the Temporal server at "{address}": {words or text}',
            hint="correct engine.tls in vending.yaml: its certificates, or server_name",
        )
    words = _words(_REST, text) or text
    ended = _WITH_TLS if with_tls else _IN_THE_CLEAR
    return TemporaryServiceError(
        f'the Temporal server at "{address}" does not answer: {words}', hint=ended if words == _ENDS else _RUNS
    )


def _words(table: tuple[tuple[str, str], ...], text: str) -> str | None:
    return next((words for pattern, words in table if re.search(pattern, text)), None)
