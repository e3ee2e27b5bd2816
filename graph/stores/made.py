"""What is made when it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from math import inf
from threading import Lock
from typing import TypeVar

from cachetools import LRUCache, cached

_K = TypeVar("_K")
_V = TypeVar("_V")


class Made(Mapping[_K, _V]):
    """A mapping whose values are made when they are asked for; the last `most` of them are kept."""

    def __init__(self, keys: Collection[_K], make: Callable[[_K], _V], most: float) -> None:
        self._keys = keys
        kept = LRUCache[_K, _V](most) if most < inf else dict[_K, _V]()
        self._get: Callable[[_K], _V] = cached(kept, lambda key: key, Lock())(make)

    def __getitem__(self, key: _K) -> _V:
        if key not in self._keys:
            raise KeyError(key)
        return self._get(key)

    def __contains__(self, key: object) -> bool:
        return key in self._keys

    def __iter__(self) -> Iterator[_K]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)
