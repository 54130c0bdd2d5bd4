"""The ring of one instance against a plain list, and the bounded channel of exec."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wp_proto.waypoint import api as pb
from wp_server.live.channel import Channel, ChannelClosed
from wp_server.live.ring import CHUNK_ENTRIES, READ_BYTES, Ring


def entries(first: int, count: int) -> list[pb.LogBatch.Entry]:
    return [pb.LogBatch.Entry(line=str(number)) for number in range(first, first + count)]


def texts(wire: bytes) -> list[str]:
    return [entry.line for entry in pb.LogBatch.FromString(wire).lines]


@settings(max_examples=150, deadline=None)
@given(
    appends=st.lists(st.integers(0, 600), max_size=12),
    keep=st.integers(1, 900),
    limit=st.integers(-1, 1000),
)
def test_backlog_and_reading_agree_with_a_list(appends, keep, limit):
    ring, total = Ring(max_entries=keep), 0
    for moment, count in enumerate(appends):
        ring.append(entries(total, count), float(moment))
        total += count
    assert ring.end == total
    assert total - ring.start >= min(total, keep)
    assert total - ring.start < keep + CHUNK_ENTRIES + 1
    cursor = ring.backlog(limit)
    assert total - cursor == (total - ring.start if limit < 0 else min(limit, total - ring.start))
    found: list[str] = []
    while cursor < ring.end:
        run = ring.read(cursor)
        assert run.skipped == 0
        assert run.count > 0
        found += texts(run.wire)
        cursor = run.cursor
    assert found == [str(number) for number in range(total - len(found), total)]


@settings(max_examples=80, deadline=None)
@given(appends=st.lists(st.integers(1, 300), min_size=1, max_size=8), keep=st.integers(1, 300), reads=st.integers(0, 4))
def test_a_reader_that_falls_behind_counts_what_it_lost(appends, keep, reads):
    ring, total, cursor, seen, lost = Ring(max_entries=keep), 0, 0, 0, 0
    for count in appends:
        ring.append(entries(total, count), float(total))
        total += count
        for _ in range(reads):
            run = ring.read(cursor)
            seen, lost, cursor = seen + run.count, lost + run.skipped, run.cursor
    while cursor < ring.end:
        run = ring.read(cursor)
        seen, lost, cursor = seen + run.count, lost + run.skipped, run.cursor
    assert seen + lost == total


def test_the_ring_is_bounded_in_bytes_and_keeps_the_newest():
    ring = Ring(max_bytes=100_000)
    for number in range(100):
        ring.append([pb.LogBatch.Entry(line=f"{number} {'x' * 10_000}")], float(number))
    assert ring._bytes <= 100_000
    kept = texts(ring.read(ring.start).wire)
    assert kept[-1].startswith("99 ")
    assert len(kept) < 12


def test_one_read_stays_far_below_a_message():
    ring = Ring(max_bytes=2**30)
    ring.append([pb.LogBatch.Entry(line="y" * 50_000) for _ in range(400)], 0.0)
    run = ring.read(0)
    assert READ_BYTES <= len(run.wire) < 3 * READ_BYTES


def test_lines_are_told_apart_by_their_arrival():
    ring = Ring()
    ring.append(entries(0, 3), 1.0)
    ring.append(entries(3, 2), 2.0)
    assert [ring.arrived_by(moment) for moment in (0.5, 1.0, 1.5, 2.0)] == [0, 3, 3, 5]
    assert [ring.arrival(cursor) for cursor in (0, 2, 3, 4)] == [1.0, 1.0, 2.0, 2.0]


async def test_a_full_channel_holds_its_writer_back_and_loses_nothing():
    channel: Channel[int] = Channel(limit=10)
    for number in range(10):
        await channel.put(number, 1)
    blocked = asyncio.create_task(channel.put(10, 1))
    await asyncio.sleep(0)
    assert not blocked.done()
    assert [await channel.get() for _ in range(3)] == [0, 1, 2]
    await blocked
    channel.close()
    assert [await channel.get() for _ in range(9)] == [*range(3, 11), None]


async def test_closing_frees_both_sides():
    channel: Channel[int] = Channel(limit=1)
    await channel.put(1, 1)
    writing = asyncio.create_task(channel.put(2, 1))
    await asyncio.sleep(0)
    channel.close()
    with pytest.raises(ChannelClosed):
        await writing
    reading: Channel[int] = Channel()
    waiting = asyncio.create_task(reading.get())
    await asyncio.sleep(0)
    reading.close()
    assert await waiting is None
