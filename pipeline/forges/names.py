"""The names of our verdicts: one for each kind and root."""


def verdict_name(verb: str, prefix: str) -> str:
    """`vend plan`; for a workspace below the top of its repository `vend plan (infra/accounts)`."""
    return f"vend {verb}" + (f" ({prefix.rstrip('/')})" if prefix else "")
