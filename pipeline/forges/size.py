"""How long a text is to a forge."""


def size(text: str) -> int:
    """Characters as a forge may count them: UTF-16 code units, which are never fewer than code points."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
