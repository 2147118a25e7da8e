"""The searches of one process, each made once: its modules need the same libraries."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from collide.loader.glibc.search import (
    File,
    Files,
    Found,
    Loader,
    LoadError,
    Place,
    Requester,
    find,
    places,
)


class Listing(Files):
    """Files all of whose paths are known."""

    def holds(self, directory: str) -> bool:
        """Whether anything may lie in ``directory``, as it is written, or below."""
        raise NotImplementedError


class Directories:
    """The directories that some paths lie in, directly or not, as they are written."""

    def __init__(self, paths: Iterable[str]) -> None:
        self._known = {""}
        for path in paths:
            directory = path.rpartition("/")[0]
            while directory not in self._known:
                self._known.add(directory)
                directory = directory.rpartition("/")[0]

    def __contains__(self, directory: str) -> bool:
        return directory.rstrip("/") in self._known


class Searches:
    """What was found for each name, and where each object's names are searched."""

    def __init__(self) -> None:
        self._known: dict[object, tuple[str, File, Found] | LoadError | None] = {}
        self._places: dict[object, _Promising] = {}

    def find(
        self, name: str, requester: Requester, executable: Requester, loader: Loader, files: Files
    ) -> tuple[str, File, Found] | None:
        """See :func:`collide.loader.glibc.search.find`."""
        # What an object asks for depends on its run paths, and on those that it inherits.
        asking: list[object] = [requester.object.architecture]
        asking.append(requester.object.resolution_cache)
        owner: Requester | None = requester
        while owner is not None:
            obj = owner.object
            asking.append((owner.name, owner.origin, obj.rpath, obj.runpath, obj.nodeflib))
            owner = owner.loader if requester.object.runpath is None else None
        places_key = tuple(asking)
        key = name, places_key
        if key not in self._known:
            searched = self._places.get(places_key)
            if searched is None:
                listed = places(requester, executable, loader)
                searched = self._places[places_key] = _Promising(listed, files)
            try:
                self._known[key] = find(name, requester, executable, loader, files, searched)
            except LoadError as e:
                self._known[key] = e
        found = self._known[key]
        if isinstance(found, LoadError):
            raise found
        return found


class _Promising:
    """Places but for the directories in which there certainly is nothing.

    Told one by one, and once: what comes behind the first hit may never be asked for.
    """

    def __init__(self, listed: Iterator[Place], files: Files) -> None:
        self._told: list[Place] = []
        self._rest = listed
        self._files = files if isinstance(files, Listing) else None

    def __iter__(self) -> Iterator[Place]:
        yield from self._told
        for place in self._rest:
            directory = place.directory
            if directory is None or self._files is None or self._files.holds(directory):
                self._told.append(place)
                yield place
