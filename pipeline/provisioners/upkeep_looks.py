"""What must be true before a primary contact is changed; the same for every backend."""

from collections.abc import Mapping

from pipeline.model.json import Json
from pipeline.model.operation import Vanished
from pipeline.provisioners.preconditions import Look
from pipeline.provisioners.upkeep_steps import SetContactInformation


def look_at_information(step: SetContactInformation, account_id: str, current: Mapping[str, Json]) -> Look | Vanished:
    """As `preconditions.compare`; what it is now is not told: addresses of people do not belong into records of runs."""
    if dict(current) == dict(step.after):
        return Look.DONE
    if step.before is None or dict(current) == dict(step.before):
        return Look.ACT
    return Vanished(reason=f'account "{account_id}": its contact information is not what it was in the plan')
