"""Sessions of the SDK that share what it knows of the services: reading that takes longer than most runs' own work."""

from functools import lru_cache
from typing import TYPE_CHECKING

from botocore.loaders import create_loader
from botocore.session import Session

if TYPE_CHECKING:
    from botocore.loaders import Loader


def new_session() -> Session:
    """A session with nothing but the descriptions in common with the others of this process."""
    session = Session()
    session.register_component("data_loader", _loader(session.get_config_variable("data_path")))
    return session


@lru_cache(maxsize=4)
def _loader(data_path: str | None) -> "Loader":
    """It keeps what it has read. `data_path`: where the environment says that further descriptions are (`AWS_DATA_PATH`)."""
    return create_loader(data_path)
