"""
Ownership marker of a storage: an object in each one carries the gym's storage id, and only that gym removes files there.

A drill that was restored beside the real gym shares its bucket and knows less: what it does not know would be an orphan to
it. A restore renews the id in the database; what lies in the bucket stays as it was, so the drill removes nothing until
somebody says that the storage is its own now (`spirit images claim`).
"""

from core.gym.models import the_gym
from core.platform.services import Services
from core.platform.storage import OWNER, PRIVATE, Storage


def why_nothing_is_removed(services: Services) -> str | None:
    """Why removal is disabled, in words; None when files of both storages may be removed. Raises StorageUnavailable."""
    with services.database.read() as session:
        is_held = the_gym(session).mail_held
    if is_held:
        return "everything with an effect outside is held; let it go with: spirit outbox release"
    return why_not_ours(services)


def why_not_ours(services: Services, *, claim: bool = True) -> str | None:
    """
    Why the storages are not this gym's, in words; None when both are.

    Args:
        claim: a storage that nobody owns becomes this gym's, unless it was restored and the storage has files.

    Raises:
        StorageUnavailable.
    """
    with services.database.read() as session:
        gym = the_gym(session)
    for storage in (services.media, services.originals):
        owner = _owner_of(storage)
        if owner is None and (gym.restored_at is None or next(iter(storage.files()), None) is None):
            if claim:
                _write(storage, gym.storage_id)
        elif owner is None or owner != gym.storage_id:
            return (
                f"{storage.label} belongs to another gym, or to this one from before it was restored; "
                "if it is this gym's alone: spirit images claim"
            )
    return None


def claim(services: Services) -> None:
    """Write this gym's marker into both storages. Raises StorageUnavailable."""
    with services.database.read() as session:
        storage_id = the_gym(session).storage_id
    for storage in (services.media, services.originals):
        _write(storage, storage_id)


def _owner_of(storage: Storage) -> str | None:
    try:
        return storage.get(OWNER).decode(errors="replace").strip()
    except FileNotFoundError:
        return None


def _write(storage: Storage, storage_id: str | None) -> None:
    storage.put(OWNER, (storage_id or "").encode(), media_type="text/plain", caching=PRIVATE)
