"""The few calls on S3 objects that remember what is verified, with errors of ours."""

from collections.abc import Mapping
from typing import Any, Final

from botocore.exceptions import ClientError

from pipeline.errors import PermanentServiceError
from pipeline.provisioners.aws.connection import Connection
from pipeline.provisioners.aws.translation import code_of, translated

_HINTS: Final = {
    "NoSuchBucket": "create it, with versioning and encryption, or correct the name in vending.yaml",
    "AccessDenied": (
        "let the roles of vending.yaml use it, and see that it belongs to your organization: names of buckets are shared with"
        " everybody on AWS"
    ),
    "PermanentRedirect": "correct its Region in vending.yaml",
    "AuthorizationHeaderMalformed": "correct its Region in vending.yaml",
}


class Objects:
    """S3 in one Region, with the credentials of the connection. Raises `ServiceError`."""

    def __init__(self, connection: Connection, region: str) -> None:
        self._connection = connection
        self._region = region

    def list_objects_v2(self, **parameters: Any) -> Mapping[str, Any]:
        return self._call("list_objects_v2", parameters)

    def get_object(self, **parameters: Any) -> Mapping[str, Any]:
        return self._call("get_object", parameters)

    def put_object(self, **parameters: Any) -> Mapping[str, Any]:
        return self._call("put_object", parameters)

    def delete_object(self, **parameters: Any) -> Mapping[str, Any]:
        return self._call("delete_object", parameters)

    def _call(self, operation: str, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        try:
            with translated():
                client = self._connection.client("s3", region=self._region)
                answer: Mapping[str, Any] = getattr(client, operation)(**parameters)
        except PermanentServiceError as error:
            if not isinstance(error.__cause__, ClientError):
                raise
            raise PermanentServiceError(
                f'bucket "{parameters["Bucket"]}" in {self._region}: {error}',
                hint=_HINTS.get(code_of(error.__cause__), error.hint),
                stops_lane=error.stops_lane,
            ) from error.__cause__
        return answer
