"""States and what we remember of them, with no database: objects beside the states, whose keys say everything.

A *mark* is an empty object `PREFIX/ACCOUNT/customizations/NAME/FINGERPRINT.ETAG.YYYYMMDD`. It says that on that day, the
customization with that fingerprint had nothing left to do, and the state had that ETag ("none": there was no state). With
`begun-DIGEST` in place of the ETag it says that an apply of reviewed changes was begun and has not ended well. So one listing
of a thousand objects tells of all accounts what is applied, with what, and whether somebody else has moved the state.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, Protocol

from pipeline.customizations.overrides import FOLDER, LocalBackend, S3Backend, local_state, state_key
from pipeline.customizations.workspace import write_private
from pipeline.errors import UsageError
from pipeline.model.customization import Target

NO_STATE: Final = "none"
_BEGUN: Final = "begun-"
_ACCOUNT: Final = re.compile(r"[0-9]{12}", re.ASCII)
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}", re.ASCII)
_MARK: Final = re.compile(r"([^./]+)\.([^./]+)\.([0-9]{4})([0-9]{2})([0-9]{2})", re.ASCII)
_SUFFIX: Final = ".tfstate"
_TREES: Final = "vend-sources"
"""Beside the accounts' folders; no account id, so it is nobody's."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Mark:
    """`etag`: of the state on `day`, or `NO_STATE`; empty while an apply is under way, whose reviewed changes `begun` names."""

    day: date
    fingerprint: str
    etag: str = ""
    begun: str = ""

    @property
    def text(self) -> str:
        return f"{self.fingerprint}.{_BEGUN + self.begun if self.begun else self.etag}.{self.day:%Y%m%d}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """Everything that the store knows: the ETag of each state, the marks of each target, sorted."""

    etags: Mapping[Target, str] = field(default_factory=dict)
    marks: Mapping[Target, tuple[Mark, ...]] = field(default_factory=dict)


class StateStore(Protocol):
    """Where states and marks lie. Raises `ServiceError`."""

    def listing(self, target: Target | None = None) -> Listing:
        """All targets, one call for a thousand objects; or one target, in one call."""
        ...

    def mark(self, target: Target, mark: Mark) -> None:
        """Write the mark, then remove all others of the target."""
        ...

    def read_state(self, target: Target) -> bytes | None:
        """The state as Terraform wrote it; None if there is none. It may hold secrets: keep it private."""
        ...

    def remember_source(self, digest: str, files: Mapping[str, str]) -> None:
        """Keep the digest of every file of a source, so that a later run can name the files that have changed."""
        ...

    def recall_source(self, digest: str) -> Mapping[str, str] | None:
        """What `remember_source` kept."""
        ...


class S3Client(Protocol):
    """The five calls of boto3's S3 client that are made; whoever passes it sees to it that it raises `ServiceError`."""

    def list_objects_v2(self, **parameters: Any) -> Mapping[str, Any]: ...
    def get_object(self, **parameters: Any) -> Mapping[str, Any]: ...
    def put_object(self, **parameters: Any) -> Mapping[str, Any]: ...
    def delete_object(self, **parameters: Any) -> Mapping[str, Any]: ...


def checked(target: Target) -> Target:
    """The target, if both its parts can stand in keys and paths. Raises `UsageError`."""
    if _ACCOUNT.fullmatch(target.account_id) and _NAME.fullmatch(target.customization):
        return target
    raise UsageError(
        f'customization "{target.customization}" of account "{target.account_id}": it cannot stand in the key of a state',
        hint="use twelve digits for the account; letters, digits, - and _ for the name, at most 63",
    )


def session_policy(
    backend: S3Backend, account_id: str, *, partition: str = "aws", write: bool = True
) -> dict[str, Any]:
    """The session policy of the state's profile: it reaches the objects of this account's states, and no others.

    The names of all states may be listed, because the backend does so before it makes a new one. Marks and remembered sources
    are written by the run itself, not by Terraform, so they are out of reach. `IfExists`: looking for an object names no prefix,
    and without the permission to list, S3 answers 403 instead of 404 for one that is not there. At most 2,048 characters,
    which STS allows. https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
    https://developer.hashicorp.com/terraform/language/backend/s3#permissions-required
    """
    bucket = f"arn:{partition}:s3:::{backend.bucket}"
    state = f"{bucket}/{backend.prefix}/{account_id}/{FOLDER}/*{_SUFFIX}"
    default = f"{bucket}/{FOLDER}/*{_SUFFIX}"
    lock = [
        {
            "Effect": "Allow",
            "Action": ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
            "Resource": f"{state}.tflock",
        }
    ]
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": "s3:ListBucket",
                "Resource": bucket,
                "Condition": {
                    "StringLikeIfExists": {"s3:prefix": [f"{backend.prefix}/", f"{backend.prefix}/{account_id}/*"]}
                },
            },
            {"Effect": "Allow", "Action": "s3:GetObject", "Resource": [state, default]},
            *([{"Effect": "Allow", "Action": "s3:PutObject", "Resource": state}] if write else []),
            *(lock if write else []),
        ],
    }


class S3StateStore(StateStore):
    """States in the bucket of an `S3Backend`."""

    def __init__(self, client: S3Client, backend: S3Backend) -> None:
        self._client = client
        self._backend = backend

    def listing(self, target: Target | None = None) -> Listing:
        root = f"{self._backend.prefix}/"
        prefix = root if target is None else f"{root}{target.account_id}/{FOLDER}/{target.customization}"
        found = _Reading()
        page: Mapping[str, Any] = {"NextContinuationToken": None}
        while "NextContinuationToken" in page:
            token = page["NextContinuationToken"]
            more = {} if token is None else {"ContinuationToken": token}
            page = self._client.list_objects_v2(Bucket=self._backend.bucket, Prefix=prefix, **more)
            for each in page.get("Contents", ()):
                found.add(each["Key"].removeprefix(root), each["ETag"].strip('"'))
        return found.listing(target)

    def mark(self, target: Target, mark: Mark) -> None:
        old = self.listing(checked(target)).marks.get(target, ())
        self._client.put_object(Bucket=self._backend.bucket, Key=self._key(target, mark), Body=b"")
        for each in old:
            if each != mark:
                self._client.delete_object(Bucket=self._backend.bucket, Key=self._key(target, each))

    def read_state(self, target: Target) -> bytes | None:
        if target not in self.listing(target).etags:
            return None
        key = state_key(self._backend, target)
        content: bytes = self._client.get_object(Bucket=self._backend.bucket, Key=key)["Body"].read()
        return content

    def remember_source(self, digest: str, files: Mapping[str, str]) -> None:
        if not self._has_source(digest):
            body = json.dumps(dict(files), sort_keys=True).encode()
            self._client.put_object(Bucket=self._backend.bucket, Key=self._source(digest), Body=body)

    def recall_source(self, digest: str) -> Mapping[str, str] | None:
        if not self._has_source(digest):
            return None
        body = self._client.get_object(Bucket=self._backend.bucket, Key=self._source(digest))["Body"].read()
        files: dict[str, str] = json.loads(body)
        return files

    def _has_source(self, digest: str) -> bool:
        page = self._client.list_objects_v2(Bucket=self._backend.bucket, Prefix=self._source(digest))
        return bool(page.get("Contents"))

    def _key(self, target: Target, mark: Mark) -> str:
        return f"{self._backend.prefix}/{target.account_id}/{FOLDER}/{target.customization}/{mark.text}"

    def _source(self, digest: str) -> str:
        return f"{self._backend.prefix}/{_TREES}/{digest}.json"


class LocalStateStore(StateStore):
    """States in the folder of a `LocalBackend`; the marks are empty files beside them."""

    def __init__(self, backend: LocalBackend) -> None:
        self._backend = backend

    def listing(self, target: Target | None = None) -> Listing:
        found = _Reading()
        pattern = "*/*" if target is None else f"{target.customization}/{target.account_id}"
        for folder in self._backend.directory.glob(pattern):
            name = f"{folder.name}/{FOLDER}/{folder.parent.name}"
            state = folder / "terraform.tfstate"
            if state.is_file():
                found.add(name + _SUFFIX, sha256(state.read_bytes()).hexdigest()[:32])
            for mark in folder.glob("marks/*"):
                found.add(f"{name}/{mark.name}", "")
        return found.listing(target)

    def mark(self, target: Target, mark: Mark) -> None:
        folder = local_state(self._backend, checked(target)).parent / "marks"
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_private(folder / mark.text, "")
        for each in folder.iterdir():
            if each.name != mark.text:
                each.unlink(missing_ok=True)

    def read_state(self, target: Target) -> bytes | None:
        state = local_state(self._backend, checked(target))
        return state.read_bytes() if state.is_file() else None

    def remember_source(self, digest: str, files: Mapping[str, str]) -> None:
        path = self._source(digest)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_private(path, json.dumps(dict(files), sort_keys=True))

    def recall_source(self, digest: str) -> Mapping[str, str] | None:
        path = self._source(digest)
        if not path.is_file():
            return None
        files: dict[str, str] = json.loads(path.read_text())
        return files

    def _source(self, digest: str) -> Path:
        return self._backend.directory / _TREES / f"{digest}.json"


class _Reading:
    """Names of objects, below the prefix, as states and marks. Names that are neither are other people's."""

    def __init__(self) -> None:
        self._etags: dict[Target, str] = {}
        self._marks: dict[Target, set[Mark]] = {}

    def add(self, name: str, etag: str) -> None:
        account, _, below = name.partition("/")
        folder, _, rest = below.partition("/")
        customization, slash, last = rest.partition("/")
        if folder != FOLDER or not _ACCOUNT.fullmatch(account):
            return
        if not slash and rest.endswith(_SUFFIX):
            self._etags[Target(account_id=account, customization=rest.removesuffix(_SUFFIX))] = etag
        elif mark := _read_mark(last):
            self._marks.setdefault(Target(account_id=account, customization=customization), set()).add(mark)

    def listing(self, target: Target | None) -> Listing:
        """Of that target alone, if one is given: the listing of its prefix tells of others with longer names too."""
        return Listing(
            etags={each: etag for each, etag in self._etags.items() if target in {None, each}},
            marks={each: tuple(sorted(marks)) for each, marks in self._marks.items() if target in {None, each}},
        )


def _read_mark(text: str) -> Mark | None:
    found = _MARK.fullmatch(text)
    if found is None:
        return None
    fingerprint, etag, *digits = found.groups()
    try:
        day = date(*map(int, digits))
    except ValueError:
        return None
    if etag.startswith(_BEGUN):
        return Mark(day=day, fingerprint=fingerprint, begun=etag.removeprefix(_BEGUN))
    return Mark(day=day, fingerprint=fingerprint, etag=etag)
