"""What a customization of an account depends on, as one text: the same text, nothing to do.

The text is short enough to stand in the key of an object, and its parts can be compared one by one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pipeline.customizations.overrides import Backend, override
from pipeline.customizations.releases import Release, Tree
from pipeline.customizations.terraform import Program
from pipeline.model.json import Json, digest

GENERATION: Final = 1
"""Raise it when we run Terraform in another way, so that everything is planned anew."""

PARTS: Final = ("source", "inputs", "settings", "terraform")
"""The parts, in the order in which they stand in the text."""

_LENGTH: Final = 24
"""96 bits of each digest: enough against chance, and four of them fit in a key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprint:
    """`parts`: a digest for each of `PARTS`. `source`: files of the folder and of its local modules, lock file included.

    `inputs`: the values that reach Terraform. `settings`: the override file, the home Region, what templates become, and our own
    generation. `terraform`: program and version. `pinned`: what it depends on is named exactly; otherwise the same fingerprint
    may hide a change.
    """

    parts: Mapping[str, str]
    pinned: bool = True

    @property
    def text(self) -> str:
        return "-".join(self.parts[name][:_LENGTH] for name in PARTS)


def fingerprint(
    release: Release, tree: Tree, inputs: Mapping[str, Json], *, backend: Backend, program: Program, region: str
) -> Fingerprint:
    """The fingerprint of a release with the inputs of one account; `region`: where providers work that name none. Pure."""
    return Fingerprint(
        parts={
            "source": source_digest(tree),
            "inputs": digest(reaching(release, inputs)),
            "settings": digest([GENERATION, override(release, backend), region, *map(list, release.rendered)]),
            "terraform": digest([program.product, program.version]),
        },
        pinned=release.pinned,
    )


def source_digest(tree: Tree) -> str:
    """The digest of a release's files, 64 hexadecimal characters."""
    return digest([tree.folder, dict(tree.files)])


def short(text: str) -> str:
    """A digest as it stands in a fingerprint's text."""
    return text[:_LENGTH]


def reaching(release: Release, inputs: Mapping[str, Json]) -> dict[str, Json]:
    """The inputs that the folder declares: others do not reach Terraform, and so do not make it run."""
    return {name: value for name, value in inputs.items() if name in release.variables}


def changed_parts(text: str, earlier: str) -> tuple[str, ...]:
    """Which of `PARTS` differ between two texts; all of them if the earlier one was written in another form."""
    new, old = text.split("-"), earlier.split("-")
    if len(old) != len(PARTS):
        return PARTS
    return tuple(name for name, a, b in zip(PARTS, new, old, strict=True) if a != b)
