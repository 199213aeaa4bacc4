"""Real files, broken at random for a long time: the loader never raises and never points outside a file."""

import random
from pathlib import Path

import pytest

from pipeline.account_requests import yaml
from pipeline.account_requests.schema import Kind, check
from pipeline.account_requests.written import Document

SAMPLES = [path.read_bytes() for path in sorted(Path(__file__).parents[2].glob("account-requests/**/*.yaml"))]
PIECES = [
    b"[",
    b"]",
    b"{",
    b"}",
    b": ",
    b"- ",
    b"? ",
    b"\n",
    b"\t",
    b"&a ",
    b"*a",
    b"!!str ",
    b"'",
    b'"',
    b"|",
    b">",
    b"\\",
    b"%",
    b"---\n",
]
PIECES += [
    b"\xff",
    b"\x00",
    b"\xef\xbb\xbf",
    b"\xc2\x85",
    b"null",
    b"true",
    b"1e999",
    b"9" * 400,
    b"<<: ",
    b"#",
    b"  ",
    b"\r",
]


def broken(chance: random.Random) -> bytes:
    data = bytearray(chance.choice(SAMPLES))
    for _ in range(chance.randint(1, 12)):
        at = chance.randrange(len(data) + 1)
        match chance.randrange(4):
            case 0:
                data[at:at] = chance.choice(PIECES)
            case 1:
                del data[at : at + chance.randint(1, 20)]
            case 2:
                data[at : at + 1] = bytes([chance.randrange(256)])
            case _:
                other = chance.choice(SAMPLES)
                begin = chance.randrange(len(other))
                data[at:at] = other[begin : begin + chance.randint(1, 200)]
    return bytes(data)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(20))
def test_files_broken_at_random_are_read_or_refused_within_their_lines(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - repeatable, not secret
    for _ in range(10_000):
        data = broken(chance)
        found = yaml.read(data, "x.yaml")
        findings = check(chance.choice(list(Kind)), found) if isinstance(found, Document) else found
        lines = data.decode("utf-8", "replace").removesuffix("\n").split("\n")
        for finding in findings:
            assert 1 <= finding.location.line <= len(lines), data
            assert 1 <= finding.location.column <= len(lines[finding.location.line - 1]) + 1, data
