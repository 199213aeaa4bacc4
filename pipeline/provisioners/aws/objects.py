"""The few calls on S3 objects that remember what is verified, with errors of ours."""

from collections.abc import Mapping
from typing import Any

from pipeline.provisioners.aws.connection import Connection
from pipeline.provisioners.aws.translation import translated


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
        with translated():
            client = self._connection.client("s3", region=self._region)
            answer: Mapping[str, Any] = getattr(client, operation)(**parameters)
        return answer
