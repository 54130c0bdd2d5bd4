"""The loop that looks when something is due (server.md §9.1). On several servers only the one with the duty does.

Times are stored, so a new server goes on where the old one was. Nothing that is wrong with one source or application
keeps the others waiting: it is noted there, and looked at again later.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace

from sqlalchemy import Connection

from wp_server.errors import Aborted, DomainError
from wp_server.jobs.deadlines import check_lead
from wp_server.poll import looks, schedule
from wp_server.store import Store, clock, polls, projects
from wp_server.store.polls import Kind, Poll

IDLE_SECONDS = 5.0
"""Longest silence: the duty may have come to this server."""
LATER_SECONDS = 10.0
"""Pause when the store does not answer."""

log = logging.getLogger(__name__)


async def run(store: Store, leads: Callable[[], int | None]) -> None:
    """Looks until cancelled, while `leads` returns the number of the duty."""
    led: int | None = None
    with store.changes.subscribe((polls.TOPIC, "restored")) as news:
        while True:
            seconds = IDLE_SECONDS
            fence = leads()
            try:
                if fence is not None and fence != led:
                    await store.write(take_over, fence)
                if (led := fence) is not None:
                    seconds = min(await _look(store, leads), IDLE_SECONDS)
            except Aborted as error:
                led = None
                log.info("another server polls: %s", error)
            except DomainError as error:
                seconds = LATER_SECONDS
                log.warning("nothing could be polled: %s", error)
            if "restored" in await news.wait(seconds):
                led = None


def take_over(connection: Connection, fence: int) -> None:
    """Makes the rows complete, and spreads what became due while nobody looked over an interval.

    Rows are missing in what was written before there were any; one too many goes when it is due. Errors: Aborted
    without the duty.
    """
    check_lead(connection, fence)
    every = projects.bare(connection)
    for key, project in every.items():
        if polls.polls_source(project):
            polls.add(connection, Kind.SOURCE, key, "")
        if polls.polls_applications(project):
            for app in projects.get(connection, key).applications:
                polls.add(connection, Kind.APPLICATION, key, app.name.lower())
    now = clock.now(connection)
    for poll in polls.every(connection):
        seconds = schedule.interval(poll.kind, every[poll.project])
        if poll.last is not None and now - poll.next > seconds * 1e9:
            polls.save(connection, replace(poll, next=now + schedule.spread(seconds)))


async def _look(store: Store, leads: Callable[[], int | None]) -> float:
    """Does everything that is due; returns the seconds until something is again."""
    while (fence := leads()) is not None:
        ahead = await store.read(polls.ahead)
        if ahead is None:
            break
        if ahead.seconds > 0:
            return ahead.seconds
        await _one(store, fence, ahead.poll)
    return IDLE_SECONDS


async def _one(store: Store, fence: int, poll: Poll) -> None:
    try:
        await store.write(_take, fence, poll)
        return
    except Aborted:
        raise
    except DomainError as error:
        problem = error.message
        log.info("%s cannot be polled: %s", _named(poll), problem)
    except Exception as error:  # a defect of ours with one project must not end the polling of all
        problem = f"The server failed: {type(error).__name__}: {error}"
        log.exception("%s cannot be polled", _named(poll))
    await store.write(_postpone, fence, poll, problem)


def _take(connection: Connection, fence: int, poll: Poll) -> None:
    check_lead(connection, fence)
    looks.take(connection, poll)


def _postpone(connection: Connection, fence: int, poll: Poll, problem: str) -> None:
    check_lead(connection, fence)
    looks.postpone(connection, poll, problem)


def _named(poll: Poll) -> str:
    return f"{poll.project}/{poll.app}".rstrip("/")
