"""Every error of the SDK comes through the door as one of ours."""

import pytest
from botocore import exceptions as sdk
from botocore.retries.standard import ThrottledRetryableChecker
from botocore.session import Session

from pipeline.errors import PermanentServiceError, ServiceError, TemporaryServiceError
from pipeline.provisioners.aws.limits import ANY, RATES
from pipeline.provisioners.aws.meanings import BY_CODE, BY_REASON, THROTTLING_CODES, Kind, meaning_of
from pipeline.provisioners.aws.read_only import READS
from pipeline.provisioners.aws.translation import GoneError, translate, translated

TEMPORARY = {Kind.THROTTLED, Kind.BUSY, Kind.SERVER}


def client_error(
    code: str, *, reason: str = "", message: str = "said AWS", operation: str = "CreateAccount"
) -> ServiceError:
    response = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"RequestId": "request-1", "HTTPStatusCode": 400},
    }
    if reason:
        response["Reason"] = reason  # type: ignore[assignment] # a modelled member
    return translate(sdk.ClientError(response, operation))  # type: ignore[arg-type] # the parts that are read


@pytest.mark.parametrize("code", sorted(BY_CODE))
def test_each_code_is_temporary_gone_or_permanent_by_its_kind(code: str) -> None:
    error, kind = client_error(code), BY_CODE[code].kind
    assert isinstance(error, TemporaryServiceError) is (kind in TEMPORARY | {Kind.GONE})
    assert isinstance(error, GoneError) is (kind is Kind.GONE)
    assert getattr(error, "stops_lane", False) is (kind in {Kind.PERSON, Kind.SETUP})
    assert error.hint


@pytest.mark.parametrize(("code", "reason"), sorted(BY_REASON))
def test_a_reason_is_more_exact_than_its_code(code: str, reason: str) -> None:
    error, meaning = client_error(code, reason=reason), BY_REASON[code, reason]
    assert isinstance(error, TemporaryServiceError) is (meaning.kind in TEMPORARY)
    assert error.hint == meaning.hint
    assert reason in str(error)


def test_a_reason_that_is_only_in_the_text_is_found() -> None:
    error = client_error("ConstraintViolationException", message="You hit CLOSE_ACCOUNT_QUOTA_EXCEEDED today.")
    assert "another day" in error.hint


def _calls() -> list[tuple[str, str]]:
    """Those with a rate of their own, and the reads of services that have one for all of them."""
    own = [(service, operation) for service, operation in RATES if operation != ANY]
    return own + [
        (service, each) for service, operation in RATES if operation == ANY for each in sorted(READS[service])
    ]


def test_every_error_that_the_sdk_models_for_our_calls_is_known() -> None:
    """But those that a step handles itself."""
    handled = {"DuplicateAccountException", "DuplicateOrganizationalUnitException", "AccountAlreadyClosedException"}
    handled |= {"PaginationTokenExpiredException", "DuplicateHandshakeException"}
    session = Session()
    unknown = {
        f"{operation}: {shape.name}"
        for service, operation in _calls()
        for shape in session.get_service_model(service).operation_model(operation).error_shapes
        if meaning_of(operation, shape.metadata.get("error", {}).get("code", shape.name), None) is None
        and shape.name not in handled
    }
    assert unknown == set()


def test_a_message_names_the_operation_the_reason_and_the_request_id() -> None:
    error = client_error("ConstraintViolationException", reason="ACCOUNT_NUMBER_LIMIT_EXCEEDED")
    assert str(error) == (
        "AWS CreateAccount: ConstraintViolationException (ACCOUNT_NUMBER_LIMIT_EXCEEDED): said AWS; "
        'request id "request-1"'
    )


def test_an_unknown_error_is_permanent_with_its_code_and_request_id() -> None:
    error = client_error("TeapotException")
    assert isinstance(error, PermanentServiceError)
    assert "TeapotException" in str(error)
    assert "request-1" in str(error)
    assert not error.stops_lane


def test_an_unknown_error_of_the_server_is_temporary() -> None:
    response = {"Error": {"Code": "Odd"}, "ResponseMetadata": {"HTTPStatusCode": 503, "RequestId": "r"}}
    assert isinstance(translate(sdk.ClientError(response, "ListRoots")), TemporaryServiceError)  # type: ignore[arg-type]


def test_what_is_said_about_credentials_is_not_repeated() -> None:
    secret = "The Canonical String for this request should have been 'GET /?X-Amz-Security-Token=FwoGZXIvYXdz'"
    for code in ("SignatureDoesNotMatch", "ExpiredTokenException", "InvalidClientTokenId"):
        assert "FwoGZXIvYXdz" not in str(client_error(code, message=secret))


def test_a_refused_role_tells_what_to_do_about_the_role() -> None:
    error = client_error("AccessDenied", operation="AssumeRole")
    assert "trust" in error.hint
    assert isinstance(error, PermanentServiceError)


@pytest.mark.parametrize(
    "error",
    [
        sdk.EndpointConnectionError(endpoint_url="https://organizations.us-east-1.amazonaws.com"),
        sdk.ConnectTimeoutError(endpoint_url="https://organizations.us-east-1.amazonaws.com"),
        sdk.ReadTimeoutError(endpoint_url="https://organizations.us-east-1.amazonaws.com"),
        sdk.ConnectionClosedError(endpoint_url="https://organizations.us-east-1.amazonaws.com"),
        sdk.ProxyConnectionError(proxy_url="http://proxy.example.com"),
    ],
)
def test_what_is_lost_on_the_way_is_temporary(error: sdk.BotoCoreError) -> None:
    assert isinstance(translate(error), TemporaryServiceError)


@pytest.mark.parametrize(
    "error",
    [
        sdk.NoCredentialsError(),
        sdk.PartialCredentialsError(provider="env", cred_var="AWS_SECRET_ACCESS_KEY"),
        sdk.ProfileNotFound(profile="example"),
        sdk.UnauthorizedSSOTokenError(),
        sdk.TokenRetrievalError(provider="sso", error_msg="expired"),
        sdk.NoRegionError(),
        sdk.SSLError(endpoint_url="https://organizations.us-east-1.amazonaws.com", error="self-signed"),
    ],
)
def test_what_only_a_person_can_repair_is_permanent_and_stops_the_lane(error: sdk.BotoCoreError) -> None:
    translation = translate(error)
    assert isinstance(translation, PermanentServiceError)
    assert translation.stops_lane
    assert translation.hint


def test_a_parameter_that_the_sdk_refuses_is_permanent_for_this_request_only() -> None:
    translation = translate(sdk.ParamValidationError(report="Invalid length for parameter Name"))
    assert isinstance(translation, PermanentServiceError)
    assert not translation.stops_lane


def test_inside_the_door_other_exceptions_pass_as_they_are() -> None:
    with pytest.raises(ZeroDivisionError), translated():
        raise ZeroDivisionError
    with pytest.raises(TemporaryServiceError), translated():
        raise sdk.EndpointConnectionError(endpoint_url="https://example.com")


def test_the_sdk_waits_for_the_same_throttling_codes() -> None:
    # LimitExceededException and the two of DynamoDB and EC2 are not errors of the services we call.
    theirs = set(ThrottledRetryableChecker._THROTTLED_ERROR_CODES)
    others = {"LimitExceededException", "EC2ThrottledException", "ProvisionedThroughputExceededException"}
    assert theirs - others - {"TransactionInProgressException"} <= THROTTLING_CODES
