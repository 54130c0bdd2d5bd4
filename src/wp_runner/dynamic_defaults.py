"""Defaults of variables that a configuration source gives: `default = dynamic("vault", {…})`, asked by remote runners
(language specification 7.3).

The sources and their settings come with the job; the values are read where the runner stands, never on the machine of
whoever started the command line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor

import wp_sources
from wp_proto.waypoint import api as pb

NOTICE_SECONDS = 5.0
"""How often the job's output says that a source is still being waited for."""


class SourceUnavailable(OSError):
    """A source gave no value; the text says why."""


def fetcher(
    sources: Iterable[pb.ConfigSource], environment: Mapping[str, str], tell: Callable[[str], None]
) -> Callable[[str, Mapping[str, str]], str]:
    """What asks a source for one value: (source, parameters) → text. It raises `SourceUnavailable`.

    `tell` hears what is being waited for. A source that several variables use is opened once.
    """
    settings = {source.type: dict(source.config) for source in sources if not source.delete}
    opened: dict[str, wp_sources.Source] = {}

    def fetch(kind: str, parameters: Mapping[str, str]) -> str:
        def ask() -> wp_sources.Reading:
            if kind not in opened:
                opened[kind] = wp_sources.open_source(kind, settings.get(kind, {}), environment)
            return opened[kind].read({"value": dict(parameters)})["value"]

        with ThreadPoolExecutor(1) as background:
            waiting = background.submit(ask)
            try:
                while True:
                    try:
                        answer = waiting.result(NOTICE_SECONDS)
                        break
                    except TimeoutError:
                        if waiting.done():
                            raise
                        tell(f'Waiting for the config source "{kind}" …')
            except wp_sources.SourceError as error:
                raise SourceUnavailable(str(error)) from error
        if isinstance(answer, wp_sources.SourceError):
            raise SourceUnavailable(str(answer))
        return answer

    return fetch
