"""What a run leaves behind."""

import json
import re
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

from hypothesis import example, given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from pipeline.model.outcome import Outcome, Status
from pipeline.reconcile.record import ApiWrite, RequestOrigin, RunRecord, RunState, record_to_json, run_id

SCHEMA = json.loads((Path(__file__).parents[3] / "schemas/run.schema.json").read_text())
VALIDATOR = Draft202012Validator(SCHEMA, format_checker=Draft202012Validator.FORMAT_CHECKER)

MOMENT = "2026-11-22T13:05:01+00:00"


def a_record() -> RunRecord:
    return RunRecord(run_id="20261122T130501Z-3f9a1c", version="0.1.0", verb="apply", started=MOMENT)


def a_full_record(text: str = "payments-prod") -> RunRecord:
    return RunRecord(
        run_id="20261122T130501Z-3f9a1c",
        version="0.1.0",
        verb="apply",
        started=MOMENT,
        finished=MOMENT,
        state=RunState.FINISHED,
        reviewed="7c" * 32,
        requests={text: RequestOrigin(file=f"account-requests/{text}.yaml", commit="4b82", author=text, date=MOMENT)},
        writes=(
            ApiWrite(at=MOMENT, service="organizations", operation="MoveAccount", request_id="r-1", subject=text),
            ApiWrite(at=MOMENT, service="account", operation="PutAccountName", error="TooManyRequestsException"),
        ),
        outcomes=(
            Outcome(digest="0f" * 32, kind="create", subject=text, status=Status.APPLIED, message=text, seconds=1.5),
        ),
        exit_code=0,
    )


def test_a_run_id_sorts_by_time_in_utc() -> None:
    berlin = timezone(timedelta(hours=1))

    assert run_id(datetime(2026, 11, 22, 14, 5, 1, tzinfo=berlin), "3f9a1c") == "20261122T130501Z-3f9a1c"


@given(st.datetimes(timezones=st.just(UTC), min_value=datetime(2000, 1, 1)), st.integers(0, 2**24 - 1))  # noqa: DTZ001 - the timezone is given beside
def test_a_run_id_is_valid_in_the_name_of_an_aws_session(now: datetime, token: int) -> None:
    name = f"vend-{run_id(now, f'{token:06x}')}"

    assert re.fullmatch(r"[\w+=,.@-]{2,64}", name, re.ASCII)


def test_the_schema_is_valid_and_so_are_its_examples() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    for record in SCHEMA["examples"]:
        VALIDATOR.validate(record)


def test_every_part_of_the_schema_explains_itself() -> None:
    parts = [SCHEMA, *SCHEMA["$defs"].values()]
    described = [*parts, *(prop for part in parts for prop in part["properties"].values())]

    assert all({"title", "description", "examples"} <= part.keys() for part in described)


def test_a_record_fits_its_schema_when_it_begins_and_when_it_ends() -> None:
    VALIDATOR.validate(json.loads(record_to_json(a_record())))
    VALIDATOR.validate(json.loads(record_to_json(a_full_record())))


@given(st.lists(st.integers(0, 0x10FFFF).map(chr), max_size=8).map("".join))
@example("\ud800 \udfff")
def test_any_text_can_be_recorded_and_read_back(text: str) -> None:
    written = record_to_json(a_full_record(text))

    document = json.loads(written.encode())
    assert document["outcomes"][0]["message"] == text
    assert list(document["requests"]) == [text]
