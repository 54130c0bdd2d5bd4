"""Finds the cheapest way from the values at hand to the values a function asks for (protocol specification 5.5).

Nodes are type keys (a message's full name, or `prim:bool`), mappers are hyperedges whose inputs are all needed. One
run of Knuth's generalisation of Dijkstra's algorithm settles every key that can be made; equal runs give equal
choices. `solve` answers without calling anything; the `Plan` it returns is run later, or only described.
"""

from __future__ import annotations

import heapq
import itertools
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from wp_sdk.errors import PluginError
from wp_sdk.signature import normalise

Key: TypeAlias = str

COST_DECLARED = 5
COST_BUILT_IN = 8
COST_PROCESS = 10

RANK_DECLARED = 0
RANK_CALLED = 1
RANK_PRODUCER = 2
RANK_OTHER = 3


@dataclass(frozen=True)
class Requirement:
    """What a function asks for: `name` as normalised by `signature.normalise`, and the type key."""

    name: str
    key: Key

    @property
    def named_primitive(self) -> bool:
        """A named bool never takes another bool's value."""
        return bool(self.name) and self.key.startswith("prim:")


@dataclass(frozen=True, eq=False)
class Input:
    """A value at hand. `name` may be empty. The earlier of two inputs of one key wins unless the name decides."""

    name: str
    key: Key
    value: object = None


@dataclass(frozen=True, eq=False)
class Provider:
    """A well-known value, made at most once per operation and only if needed.

    `late`: making it has effects (UI, exec, logs).
    """

    key: Key
    make: Callable[[], object] = lambda: None
    late: bool = False


@dataclass(frozen=True, eq=False)
class Mapper:
    """A function from values to one message. `call` gets its inputs by key. `plugin` and `text` name it in messages."""

    plugin: str
    ins: tuple[Key, ...]
    out: Key
    call: Callable[[Mapping[Key, object]], object]
    base: int = COST_BUILT_IN
    rank: int = RANK_OTHER

    @property
    def text(self) -> str:
        """How the mapper is named to people."""
        return f"{self.plugin}: {' + '.join(map(short, self.ins)) or 'nothing'} → {short(self.out)}"


Producer: TypeAlias = Input | Provider | Mapper


class MapperUnavailable(Exception):
    """Raised by a mapper's `call` when its plugin turns out not to have it; the solver then tries without it."""

    def __init__(self, mapper: Mapper | None = None) -> None:
        super().__init__("the plugin does not have this mapper")
        self.mapper = mapper


class UnsatisfiedArguments(PluginError):
    """No chain reaches an argument. `missing` are the keys; the text says what lacks and what to change (5.6)."""

    def __init__(self, what: str, missing: tuple[Key, ...]) -> None:
        super().__init__(what)
        self.missing = missing


@dataclass(frozen=True)
class Subject:
    """Names for messages: the function that is to run ("exec deploy"), and what ran before it ("files build")."""

    function: str
    after: str = ""


@dataclass(frozen=True)
class Settled:
    """The cheapest producer of a key."""

    cost: int
    depth: int
    rank: int
    producer: Producer

    @property
    def weight(self) -> tuple[int, int, int]:
        """What decides between producers before the order does."""
        return self.cost, self.depth, self.rank


@dataclass(frozen=True)
class Plan:
    """One producer per requirement, and how mappers get their inputs. Running it makes each value at most once."""

    requirements: tuple[Requirement, ...]
    chosen: tuple[Producer, ...]
    settled: Mapping[Key, Settled]
    warnings: tuple[str, ...] = ()

    def mappers(self) -> tuple[Mapper, ...]:
        """Return the mappers that will run, inputs first, without repeats."""
        order: dict[Mapper, None] = {}

        def visit(producer: Producer) -> None:
            if isinstance(producer, Mapper) and producer not in order:
                for key in producer.ins:
                    visit(self.settled[key].producer)
                order[producer] = None

        for producer in self.chosen:
            visit(producer)
        return tuple(order)

    def run(self) -> tuple[object, ...]:
        """Make all values and return them in the order of the requirements.

        A mapper's own failure comes through as `PluginError` naming the mapper; `MapperUnavailable` carries the mapper.
        """
        made: dict[Producer, object] = {}

        def value(producer: Producer) -> object:
            if isinstance(producer, Input):
                return producer.value
            if producer not in made:
                made[producer] = producer.make() if isinstance(producer, Provider) else self._map(producer, value)
            return made[producer]

        early = [p for p in self.chosen if not (isinstance(p, Provider) and p.late)]
        for producer in early:
            value(producer)
        return tuple(value(producer) for producer in self.chosen)

    def _map(self, mapper: Mapper, value: Callable[[Producer], object]) -> object:
        inputs = {key: value(self.settled[key].producer) for key in mapper.ins}
        try:
            return mapper.call(inputs)
        except MapperUnavailable as error:
            raise MapperUnavailable(mapper) from error
        except PluginError as error:
            raise PluginError(f"mapper {mapper.text}: {error}") from error


@dataclass
class Solver:
    """The values and mappers of one operation. `mappers` are in order of the configuration, then of their plugin's
    list.

    `makers` answers which plugins return a message; it is only asked to explain a failure.
    """

    inputs: Sequence[Input] = ()
    providers: Sequence[Provider] = ()
    mappers: Sequence[Mapper] = ()
    makers: Callable[[Key], Sequence[str]] = lambda _key: ()
    _best: dict[Key, Settled] = field(default_factory=dict, init=False)
    _alternatives: dict[Key, list[Producer]] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        self._settle()

    def reachable(self, key: Key) -> bool:
        """True when a value of that key is at hand or can be made."""
        return key in self._best

    def cost(self, key: Key) -> int | None:
        """Cost of the cheapest chain to the key, or None."""
        return self._best[key].cost if key in self._best else None

    def solve(self, requirements: Iterable[Requirement], subject: Subject) -> Plan:
        """Choose a producer for each requirement; raises `UnsatisfiedArguments`."""
        wanted = tuple(requirements)
        found = [self._choose(requirement) for requirement in wanted]
        missing = [requirement for requirement, producer in zip(wanted, found, strict=True) if producer is None]
        if missing:
            raise UnsatisfiedArguments(self._explain(missing, subject), tuple(dict.fromkeys(r.key for r in missing)))
        chosen = tuple(producer for producer in found if producer is not None)
        plan = Plan(wanted, chosen, self._best)
        return Plan(wanted, chosen, self._best, tuple(self._ambiguous(plan)))

    def run(self, requirements: Iterable[Requirement], subject: Subject) -> tuple[Plan, tuple[object, ...]]:
        """Solve and make the values, leaving out mappers whose plugin turns out not to have them."""
        wanted = tuple(requirements)
        solver = self
        while True:
            plan = solver.solve(wanted, subject)
            try:
                return plan, plan.run()
            except MapperUnavailable as gone:
                rest = [m for m in solver.mappers if m is not gone.mapper]
                solver = Solver(solver.inputs, solver.providers, rest, solver.makers)

    def _settle(self) -> None:
        heap: list[tuple[int, int, int, int, Key, int, Producer]] = []
        count = itertools.count()
        at_hand: list[Input | Provider] = [*self.inputs, *self.providers]
        for order, known in enumerate(at_hand):
            heapq.heappush(heap, (0, 0, 0, order, known.key, next(count), known))
        waiting: dict[int, int] = {}
        users: dict[Key, list[int]] = defaultdict(list)
        for index, mapper in enumerate(self.mappers):
            distinct = tuple(dict.fromkeys(mapper.ins))
            waiting[index] = len(distinct)
            for key in distinct:
                users[key].append(index)
            if not distinct:
                heapq.heappush(heap, (mapper.base, 1, mapper.rank, index, mapper.out, next(count), mapper))
        best = self._best
        while heap:
            cost, level, rank, _, key, _, producer = heapq.heappop(heap)
            if key in best:
                if (cost, level, rank) == best[key].weight:
                    self._alternatives.setdefault(key, []).append(producer)
                continue
            best[key] = Settled(cost, level, rank, producer)
            for index in users[key]:
                waiting[index] -= 1
                if waiting[index] == 0:
                    mapper = self.mappers[index]
                    sources = [best[k] for k in dict.fromkeys(mapper.ins)]
                    total = mapper.base + sum(s.cost for s in sources) + len(sources) - 1
                    depth = 1 + max(s.depth for s in sources)
                    heapq.heappush(heap, (total, depth, mapper.rank, index, mapper.out, next(count), mapper))

    def _choose(self, requirement: Requirement) -> Producer | None:
        if requirement.name:
            for known in self.inputs:
                if known.key == requirement.key and normalise(known.name) == requirement.name:
                    return known
        if requirement.key in self._best and not requirement.named_primitive:
            return self._best[requirement.key].producer
        return None

    def _ambiguous(self, plan: Plan) -> Iterator[str]:
        for mapper in plan.mappers():
            for other in self._alternatives.get(mapper.out, ()):
                if isinstance(other, Mapper) and other.plugin != mapper.plugin:
                    yield (
                        f"ambiguous mapper: {mapper.text} is used, {other.text} would do as well; "
                        f'declare a mapper with via = "{mapper.plugin}" or via = "{other.plugin}" to choose'
                    )

    def _explain(self, missing: Sequence[Requirement], subject: Subject) -> str:
        after = f" after {subject.after}" if subject.after else ""
        lines = [f"{subject.function} cannot run{after}"]
        fixes: list[str] = []
        for requirement in dict.fromkeys(missing):
            named = f" named {requirement.name}" if requirement.named_primitive else ""
            lines.append(f"  missing: {short(requirement.key)}{named}")
            lines += [f"    • {line}" for line in self._lacking(requirement.key, set())]
            fixes += self._fix(requirement.key)
        lines.append(f"  available: {', '.join(self._available()) or 'nothing'}")
        return "\n".join([*lines, *dict.fromkeys(fixes)])

    def _lacking(self, key: Key, seen: set[Key]) -> Iterator[str]:
        seen.add(key)
        for mapper in self.mappers:
            if mapper.out != key:
                continue
            absent = [k for k in dict.fromkeys(mapper.ins) if k not in self._best]
            yield f"mapper {mapper.text} exists, but {' and '.join(map(short, absent))} is not available"
            for inner in absent:
                if inner not in seen:
                    yield from self._lacking(inner, seen)

    def _fix(self, key: Key) -> Iterator[str]:
        wanted = [key, *(k for m in self.mappers if m.out == key for k in m.ins if k not in self._best)]
        for name in dict.fromkeys(wanted):
            plugins = self.makers(name)
            if plugins:
                yield f"  plugins that produce {short(name)}: {', '.join(plugins)}"
        values = [i.key for i in self.inputs if not i.key.startswith("prim:")]
        have = short(values[0]) if values else "what is available"
        if any(self.makers(name) for name in wanted):
            yield f"  fix: use one of these plugins, or declare a mapper from {have} to {short(wanted[-1])}"
        else:
            yield f"  fix: declare a mapper from {have} to {short(wanted[-1])}, or use plugins that fit together"

    def _available(self) -> Iterator[str]:
        for known in self.inputs:
            yield f"{short(known.key)} ({known.name})" if known.name else short(known.key)
        for provider in self.providers:
            yield short(provider.key)


def short(key: Key) -> str:
    """A type key as people read it: the SDK's own messages lose their package."""
    for prefix in ("hashicorp.waypoint.sdk.Args.", "hashicorp.waypoint.sdk.", "waypoint.py.", "prim:"):
        if key.startswith(prefix):
            rest = key[len(prefix) :]
            return "UI" if rest == "TerminalUI" else rest
    return key
