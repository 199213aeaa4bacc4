"""An error about the state bucket names the bucket, and says what to do about it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import pytest
from botocore.exceptions import ClientError

from pipeline.errors import PermanentServiceError, TemporaryServiceError
from pipeline.provisioners.aws.objects import Objects

if TYPE_CHECKING:
    from pipeline.provisioners.aws.connection import Connection


@dataclass
class Refusing:
    """A connection whose S3 answers every listing with this code."""

    code: str
    status: int

    def client(self, _service: str, *, region: str) -> Any:
        del region
        return self

    def list_objects_v2(self, **_: Any) -> None:
        answer: Any = {"Error": {"Code": self.code}, "ResponseMetadata": {"HTTPStatusCode": self.status}}
        raise ClientError(answer, "ListObjectsV2")


def listed(code: str, status: int) -> None:
    Objects(cast("Connection", Refusing(code, status)), "eu-west-1").list_objects_v2(Bucket="states")


@pytest.mark.parametrize(
    ("code", "status", "hint"),
    [
        ("NoSuchBucket", 404, "create it"),
        ("AccessDenied", 403, "belongs to your organization"),
        ("PermanentRedirect", 301, "correct its Region"),
    ],
)
def test_a_bucket_that_cannot_be_used_is_named_with_a_remedy(code: str, status: int, hint: str) -> None:
    with pytest.raises(PermanentServiceError, match=f'bucket "states" in eu-west-1: .*{code}') as refused:
        listed(code, status)
    assert hint in refused.value.hint


def test_what_may_go_through_later_stays_temporary() -> None:
    with pytest.raises(TemporaryServiceError):
        listed("SlowDown", 503)
