"""Paths of units: AWS allows a slash in a name, and two names must never be one path."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.model.account import ROOT
from pipeline.provisioners.aws.organizations.units import below, escape, split, unescape

NAMES = st.one_of(st.text(min_size=1, max_size=20), st.from_regex(r"[%25F/2]{1,12}", fullmatch=True))


@given(NAMES)
def test_a_name_comes_back_from_its_part_of_the_path(name: str) -> None:
    assert unescape(escape(name)) == name
    assert "/" not in escape(name)


@given(NAMES, NAMES)
def test_two_names_are_two_parts(one: str, other: str) -> None:
    assert (escape(one) == escape(other)) is (one == other)


@given(st.text(st.characters(exclude_characters="/%"), min_size=1))
def test_an_ordinary_name_is_written_as_it_is(name: str) -> None:
    assert escape(name) == name


@pytest.mark.parametrize(
    ("name", "part"), [("R&D/Labs", "R&D%2FLabs"), ("100%", "100%"), ("50%25", "50%25"), ("a%2Fb", "a%252Fb")]
)
def test_only_what_could_be_confused_is_escaped(name: str, part: str) -> None:
    assert escape(name) == part


@given(st.lists(NAMES, min_size=1, max_size=5))
def test_a_path_splits_into_the_parent_and_the_name(names: list[str]) -> None:
    parent, path = ROOT, ROOT
    for name in names:
        parent, path = path, below(path, name)
    assert split(path) == (parent, names[-1])
