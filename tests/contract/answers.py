"""What the sandbox answers, held against botocore's model of the service; and clients that speak a certain protocol."""

import json
from copy import deepcopy
from io import BufferedReader, BytesIO
from typing import Any

import botocore.session
from botocore.config import Config
from botocore.loaders import Loader
from botocore.model import OperationModel
from botocore.parsers import RpcV2CBORParser

from pipeline.sandbox.control import SECRET_ACCESS_KEY
from pipeline.sandbox.identifiers import access_key_of
from pipeline.sandbox.organization import MANAGEMENT_ID
from pipeline.sandbox.service import service_model
from pipeline.sandbox.validation import problems
from tests.contract.sandbox_client import Aws

_FAILED = 300


def held_against_the_model(client: Any, seen: set[str] | None = None) -> Any:
    """The client, which from now on fails for an answer that is not as its model says, and notes the operations in `seen`.

    botocore itself passes over members that it does not know, and that are missing.
    """
    noted = set() if seen is None else seen

    def check(operation_model: OperationModel, response_dict: dict[str, Any], **_: Any) -> None:
        noted.add(operation_model.name)
        content = response_dict["body"]
        is_cbor = response_dict["headers"].get("content-type") == "application/cbor"
        answer = _cbor(content) if is_cbor else json.loads(content or b"{}")
        if response_dict["status_code"] < _FAILED:
            assert_fits(operation_model, answer)
        else:
            assert_documented(
                operation_model, str(answer.get("__type") or response_dict["headers"]["x-amzn-errortype"])
            )

    client.meta.events.register("before-parse", check)
    return client


def assert_fits(operation: OperationModel, answer: dict[str, Any]) -> None:
    """Every member is known and of its type, and none that is required is missing."""
    shape = operation.output_shape
    if shape is None:
        assert answer == {}
        return
    assert [f"{operation.name}: {each.message}" for each in problems(shape, answer)] == []
    assert [f"{operation.name}: {each}" for each in _strangers(shape, answer, "")] == []


def assert_documented(operation: OperationModel, code: str) -> None:
    """The error is one of the operation's, or one that every service answers."""
    common = {"ValidationException", "ThrottlingException", "InvalidStateException", "AccessDeniedException"}
    assert code in {each.name for each in operation.error_shapes} | common


def _strangers(shape: Any, value: Any, path: str) -> list[str]:
    if shape.type_name == "structure" and not shape.is_document_type:
        found = [f"{path}.{name}" for name in value if name not in shape.members]
        for name, each in value.items():
            found += _strangers(shape.members[name], each, f"{path}.{name}") if name in shape.members else []
        return found
    if shape.type_name == "list":
        return [each for item in value for each in _strangers(shape.member, item, path)]
    is_empty = value is None
    return [f"{path} is null"] if is_empty else []


def _cbor(content: bytes) -> Any:
    return RpcV2CBORParser().parse_data_item(BufferedReader(BytesIO(content)))


class _OneProtocol(Loader):
    """Models whose service speaks `protocol` and nothing else."""

    def __init__(self, protocol: str, paths: list[str]) -> None:
        super().__init__(extra_search_paths=paths)
        self._protocol = protocol

    def load_service_model(self, service_name: str, type_name: str, api_version: Any = None) -> Any:
        model = super().load_service_model(service_name, type_name, api_version)
        if type_name != "service-2":
            return model
        model = deepcopy(model)
        model["metadata"] |= {"protocol": self._protocol, "protocols": [self._protocol]}
        return model


def client_speaking(aws: Aws, service: str, protocol: str) -> Any:
    """A client of the management account whose every call is in this protocol."""
    session = botocore.session.Session()
    known = session.get_component("data_loader")
    session.register_component("data_loader", _OneProtocol(protocol, list(known.search_paths)))
    assert protocol in service_model(service).metadata["protocols"]
    client = session.create_client(
        service,
        region_name="us-east-1",
        endpoint_url=aws.served.url,
        aws_access_key_id=access_key_of(MANAGEMENT_ID),
        aws_secret_access_key=SECRET_ACCESS_KEY,
        config=Config(retries={"total_max_attempts": 1}),
    )
    assert client.meta.service_model.resolved_protocol == protocol
    return client
