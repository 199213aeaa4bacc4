"""The customizations of an account with the place that every input comes from."""

from pathlib import Path

from pipeline.customizations.explaining import explain
from pipeline.model.customization import When
from tests.unit.customizations.folders import SOURCE, a_customization, a_folder


def test_rows_come_in_the_order_of_the_run_with_the_place_of_every_input(tmp_path: Path) -> None:
    text = 'variable "cidr" {}\nvariable "zones" {\n  default = 2\n}\nvariable "key" {\n  sensitive = true\n}\n'
    folder = a_folder(tmp_path, {"variables.tf": text})
    first = a_customization("first", source="terraform/first", when=When.PROVISIONING)
    second = a_customization(inputs={"cidr": "10.0.0.0/20", "key": "secret"}, depends_on=("first",))
    rows = explain((first, second), {SOURCE: folder})
    assert [(".".join(row.path[1:]), row.value, str(row.location)) for row in rows] == [
        ("first.source", "terraform/first", "account-requests/web.yaml:7:5"),
        ("first.when", "provisioning", "account-requests/web.yaml:7:5"),
        ("network.source", SOURCE, "account-requests/web.yaml:7:5"),
        ("network.depends_on", ["first"], "account-requests/web.yaml:7:5"),
        ("network.inputs.cidr", "10.0.0.0/20", "account-requests/web.yaml:9:11"),
        ("network.inputs.key", "(sensitive)", "account-requests/web.yaml:10:11"),
        ("network.inputs.zones", 2, f"{SOURCE}/variables.tf:2:1"),
    ]
