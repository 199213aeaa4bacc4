"""Ids as AWS writes them, derived from a sequence: the same calls give the same ids."""

from base64 import b32decode, b32encode
from hashlib import sha256
from typing import Final

_ALPHABET: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_FIRST: Final = 0x80_0000_0000
"""What the account number is counted from inside a key; `QAAAAAAA` in base 32."""


def token(kind: str, sequence: int, length: int) -> str:
    """Lower-case letters and digits, for the random part of an id."""
    return sha256(f"{kind}/{sequence}".encode()).hexdigest()[:length]


def access_key_of(account_id: str) -> str:
    """The access key id of an account's test credentials.

    An access key id carries its account's number, in base 32 behind the prefix; AWS's do, and moto's.
    https://docs.aws.amazon.com/STS/latest/APIReference/API_GetAccessKeyInfo.html
    """
    number = int(account_id)
    middle = b32encode((number // 2 + _FIRST).to_bytes(5, "big")).decode()
    return f"AKIA{middle}{_ALPHABET[16 * (number % 2)]}EXAMPLE"


def account_of(access_key: str) -> str | None:
    """The account that an access key id belongs to; None if it is no such id."""
    if len(access_key) != len("AKIA") + 16 or access_key[12] not in _ALPHABET:
        return None
    try:
        number = int.from_bytes(b32decode(access_key[4:12]), "big") - _FIRST
    except ValueError:
        return None
    return f"{number * 2 + _ALPHABET.index(access_key[12]) // 16:012d}" if number >= 0 else None
