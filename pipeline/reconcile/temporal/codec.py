"""Large documents are compressed on their way to the server, which takes 2 MB; small ones stay readable on its web page."""

import zlib
from collections.abc import Sequence
from typing import Final

from temporalio.api.common.v1 import Payload
from temporalio.converter import PayloadCodec

_ENCODING: Final = b"binary/zlib"
_LARGE: Final = 32 * 1024
_LARGEST: Final = 256 * 1024 * 1024


class Compressing(PayloadCodec):
    """Takes what it does not know as it is."""

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        return [_smaller(each) for each in payloads]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        return [_whole(each) for each in payloads]


def _smaller(payload: Payload) -> Payload:
    if len(payload.data) < _LARGE:
        return payload
    return Payload(metadata={"encoding": _ENCODING}, data=zlib.compress(payload.SerializeToString(), level=6))


def _whole(payload: Payload) -> Payload:
    if payload.metadata.get("encoding") != _ENCODING:
        return payload
    return Payload.FromString(zlib.decompressobj().decompress(payload.data, _LARGEST))
