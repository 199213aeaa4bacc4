"""SDK errors to ours, at the door: nobody above knows botocore."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, assert_never

from botocore import exceptions as sdk

from pipeline.errors import PermanentServiceError, ServiceError, TemporaryServiceError
from pipeline.provisioners.aws.meanings import Kind, Meaning, meaning_of


class GoneError(TemporaryServiceError):
    """What a call names is not there: just made and not visible yet, or gone since it was read."""


_CREDENTIAL_ERRORS = (
    sdk.NoCredentialsError,
    sdk.PartialCredentialsError,
    sdk.CredentialRetrievalError,
    sdk.ProfileNotFound,
    sdk.SSOError,
    sdk.NoAuthTokenError,
    sdk.TokenRetrievalError,
    sdk.InfiniteLoopConfigError,
    sdk.InvalidConfigError,
)
_LOST_ON_THE_WAY = (sdk.HTTPClientError, sdk.ConnectionError, sdk.IncompleteReadError, sdk.ResponseStreamingError)

_SIGN_IN = "sign in to the management account (environment variables, a profile, or the CI job's role), then run again"
_NETWORK = "check the network, a proxy, and AWS_ENDPOINT_URL if it is set; then run again"

_STATUS_SERVER_ERROR = 500
_REASON_IN_TEXT = re.compile(r"\b[A-Z]+(?:_[A-Z]+)+\b")


@contextmanager
def translated() -> Iterator[None]:
    """Whatever the SDK raises inside comes out as a `ServiceError`."""
    try:
        yield
    except (sdk.ClientError, sdk.BotoCoreError) as error:
        raise translate(error) from error


def refusal(codes: frozenset[str], call: Callable[[], Any]) -> str | None:
    """Make the call; the error code if it is one of `codes`, None if the call went through.

    Raises other errors as the SDK raised them.
    """
    try:
        call()
    except sdk.ClientError as error:
        if (code := code_of(error)) in codes:
            return code
        raise
    return None


def code_of(error: sdk.ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", "Unknown"))


def reason_of(error: sdk.ClientError) -> str | None:
    """The `Reason` of an error of Organizations or Account Management; some answers hold it only in their text."""
    response: dict[str, Any] = dict(error.response)
    named = response.get("Reason") or response.get("reason")
    if named:
        return str(named)
    found = _REASON_IN_TEXT.search(str(response.get("Error", {}).get("Message", "")))
    return found.group() if found else None


def translate(error: sdk.ClientError | sdk.BotoCoreError) -> ServiceError:
    """The error in our words, temporary or permanent, with the remedy."""
    if isinstance(error, sdk.ClientError):
        return _answered(error)
    if isinstance(error, sdk.SSLError):
        return PermanentServiceError(f"AWS: the connection is not trusted: {error}", hint=_NETWORK, stops_lane=True)
    if isinstance(error, _LOST_ON_THE_WAY):
        return TemporaryServiceError(f"AWS: no answer: {error}", delay=2.0, hint=_NETWORK)
    if isinstance(error, _CREDENTIAL_ERRORS):
        return PermanentServiceError(f"AWS: no usable credentials: {error}", hint=_SIGN_IN, stops_lane=True)
    if isinstance(error, sdk.NoRegionError):
        return PermanentServiceError(
            "AWS: no Region is set", hint="set organization.home_region in vending.yaml", stops_lane=True
        )
    return PermanentServiceError(
        f"AWS: the call cannot be made: {type(error).__name__}: {error}",
        hint="correct the value that the message names; if there is none, this is a mistake of ours: report it",
    )


def _answered(error: sdk.ClientError) -> ServiceError:
    code, reason = code_of(error), reason_of(error)
    known = meaning_of(error.operation_name, code, reason)
    meaning = known or _guess(error)
    text = _text(error, code, reason, meaning)
    match meaning.kind:
        case Kind.THROTTLED | Kind.BUSY | Kind.SERVER:
            return TemporaryServiceError(text, delay=max(meaning.delay, _asked_for(error)), hint=meaning.hint)
        case Kind.GONE:
            return GoneError(text, delay=2.0, hint="run again: the next plan looks afresh")
        case Kind.REQUEST:
            return PermanentServiceError(text, hint=meaning.hint)
        case Kind.PERSON | Kind.SETUP:
            return PermanentServiceError(text, hint=meaning.hint, stops_lane=True)
        case _:
            assert_never(meaning.kind)


def _asked_for(error: sdk.ClientError) -> float:
    """Seconds that AWS asks to wait: some throttling errors tell them."""
    response: dict[str, Any] = dict(error.response)
    told = response.get("retryAfterSeconds")
    return float(told) if isinstance(told, int | float) else 0.0


def _guess(error: sdk.ClientError) -> Meaning:
    """An error that we do not know: a server's is worth another try, any other is not."""
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if status >= _STATUS_SERVER_ERROR:
        return Meaning(Kind.SERVER, "run again", 5.0)
    return Meaning(
        Kind.REQUEST, "look the code up in the API reference of the service; give AWS Support the request id"
    )


def _text(error: sdk.ClientError, code: str, reason: str | None, meaning: Meaning) -> str:
    request_id = error.response.get("ResponseMetadata", {}).get("RequestId", "none")
    what = f"{code} ({reason})" if reason else code
    # What is said about credentials and signatures quotes headers of the request.
    said = "" if meaning.kind is Kind.SETUP else str(error.response.get("Error", {}).get("Message", "")).strip()
    return f'AWS {error.operation_name}: {what}{": " + said if said else ""}; request id "{request_id}"'
