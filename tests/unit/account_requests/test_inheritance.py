"""The nearest file wins, maps merge key by key, lists replace, null removes; every value keeps its place."""

from pathlib import Path

from pipeline.account_requests.explain import explain
from pipeline.model.finding import Severity
from pipeline.model.request import AccountRequest
from tests.unit.account_requests.workspace import a_file, lines, load_files, only_request


def request_with(root: Path, defaults: dict[str, str], text: str, name: str = "a/b/web.yaml") -> AccountRequest:
    files = {(f"{folder}/" if folder else "") + "_defaults.yaml": written for folder, written in defaults.items()}
    return only_request(load_files(root, {**files, name: text}))


def test_the_nearest_file_wins(tmp_path: Path) -> None:
    defaults = {"": "owner: top\npurpose: top\nregions: [eu-south-1]", "a": "owner: a\npurpose: a", "a/b": "owner: b"}
    spec = request_with(tmp_path, defaults, a_file("web")).spec
    assert (spec.owner, spec.purpose, spec.regions) == ("b", "a", ("eu-south-1",))


def test_the_request_itself_is_nearest_of_all(tmp_path: Path) -> None:
    assert request_with(tmp_path, {"a": "owner: a"}, a_file("web", "Sandbox", "owner: me")).spec.owner == "me"


def test_maps_merge_key_by_key_and_lists_replace(tmp_path: Path) -> None:
    defaults = {"": "tags: {A: top, B: top}\nregions: [eu-south-1, eu-south-2]", "a": "tags: {B: a, C: a}"}
    spec = request_with(tmp_path, defaults, a_file("web", "Sandbox", "tags: {C: me}", "regions: [eu-central-2]")).spec
    assert spec.tags == {"A": "top", "B": "a", "C": "me"}
    assert spec.regions == ("eu-central-2",)


def test_null_removes_an_inherited_key_at_any_depth(tmp_path: Path) -> None:
    defaults = {
        "": "owner: top\ntags: {A: top, B: top}\nsettings: {password_policy: {minimum_length: 20, max_age_days: 9}}"
    }
    below = ("owner: null", "tags: {A: ~}", "settings:", "  password_policy:", "    max_age_days:")
    request = request_with(tmp_path, defaults, a_file("web", "Sandbox", *below))
    assert request.spec.owner is None
    assert request.spec.tags == {"B": "top"}
    assert request.spec.settings == {"password_policy": {"minimum_length": 20}}


def test_what_a_folder_removes_is_not_inherited_below_it(tmp_path: Path) -> None:
    assert request_with(tmp_path, {"": "tags: {A: x, B: y}", "a": "tags: {A: null}"}, a_file("web")).spec.tags == {
        "B": "y"
    }


def test_defaults_of_another_folder_do_not_apply(tmp_path: Path) -> None:
    assert request_with(tmp_path, {"c": "owner: c", "a/b/d": "owner: d"}, a_file("web")).spec.owner is None


def test_a_null_that_removes_nothing_is_a_warning(tmp_path: Path) -> None:
    loaded = load_files(tmp_path, {"web.yaml": a_file("web", "Sandbox", "owner:")})
    assert lines(loaded) == [
        "web.yaml:4:7: owner is empty, which removes an inherited value, and none is inherited; write a value, or remove the line"
    ]
    assert [each.severity for each in loaded.findings] == [Severity.WARNING]
    assert len(loaded.desired.requests) == 1


def test_the_unit_and_half_a_contact_may_be_inherited(tmp_path: Path) -> None:
    defaults = {
        "": "organizational_unit: Sandbox\ncontacts: {security: {title: On call, email: s@example.com, phone: '1'}}"
    }
    spec = request_with(tmp_path, defaults, a_file("web", None, "contacts: {security: {name: Me}}")).spec
    assert spec.organizational_unit == "Sandbox"
    assert [each.name for each in spec.contacts.values()] == ["Me"]


def test_origins_say_where_each_value_was_written(tmp_path: Path) -> None:
    request = request_with(tmp_path, {"": "tags:\n  A: top\n  B: top\n"}, a_file("web", "Sandbox", "tags:", "  B: me"))
    assert str(request.origin("tags", "A")) == "account-requests/_defaults.yaml:2:6"
    assert str(request.origin("tags", "B")) == "account-requests/a/b/web.yaml:5:6"
    assert str(request.origin("tags")) == "account-requests/a/b/web.yaml:4:1"


def test_explain_names_every_value_of_the_effective_request_in_the_order_of_its_file(tmp_path: Path) -> None:
    own = ("regions: [eu-south-1, eu-south-2]", "tags: {B: me}", "custom_fields: {none: [], deep: {x: 1}}")
    request = request_with(tmp_path, {"": "owner: top\ntags: {A: top}"}, a_file("web", "Sandbox", *own))
    assert [
        (".".join(each.path), each.value, str(each.location).rpartition("account-requests/")[2])
        for each in explain(request)
    ] == [
        ("name", "web", "a/b/web.yaml:1:7"),
        ("email", "aws+web@example.com", "a/b/web.yaml:2:8"),
        ("organizational_unit", "Sandbox", "a/b/web.yaml:3:22"),
        ("regions.0", "eu-south-1", "a/b/web.yaml:4:11"),
        ("regions.1", "eu-south-2", "a/b/web.yaml:4:23"),
        ("tags.B", "me", "a/b/web.yaml:5:11"),
        ("tags.A", "top", "_defaults.yaml:2:11"),
        ("custom_fields.none", [], "a/b/web.yaml:6:23"),
        ("custom_fields.deep.x", 1, "a/b/web.yaml:6:37"),
        ("owner", "top", "_defaults.yaml:1:8"),
    ]
