"""What is left of a reviewed apply that was begun is part of its review, and nothing else is."""

import pytest

from pipeline.customizations.comparing import objection
from pipeline.model.customization import Difference, ResourceChange

Rows = list[tuple[str, str]]


def difference(*rows: tuple[str, str]) -> Difference:
    changes = tuple(sorted(ResourceChange(address=address, action=action) for address, action in rows))
    return Difference(changes=changes, applicable=bool(rows))


REVIEWED = difference(("a.one", "update"), ("b.two", "replace"), ("c.three", "create"))


@pytest.mark.parametrize(
    "left",
    [
        [("a.one", "update"), ("b.two", "replace"), ("c.three", "create")],
        [("b.two", "replace")],
        [("b.two", "create")],
        [("b.two", "delete"), ("c.three", "create")],
        [],
    ],
)
def test_what_is_left_of_an_interrupted_apply_is_what_was_reviewed(left: Rows) -> None:
    """A replacement stops half way between the deletion and the creation, in either order."""
    assert objection(difference(*left), REVIEWED, resumed=True) == ""


@pytest.mark.parametrize("left", [[("c.three", "replace")], [("a.one", "delete")], [("d.four", "create")]])
def test_anything_else_was_not_reviewed_however_far_the_apply_came(left: Rows) -> None:
    assert objection(difference(*left), REVIEWED, resumed=True).startswith("not reviewed: ")


def test_half_a_replacement_was_not_reviewed_where_nothing_was_begun() -> None:
    said = objection(difference(("b.two", "create")), difference(("b.two", "replace")), resumed=False)

    assert said == "not reviewed: create b.two; reviewed, but no longer to do: replace b.two"
