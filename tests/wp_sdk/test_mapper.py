from __future__ import annotations

import random
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wp_sdk.errors import PluginError
from wp_sdk.mapper import (
    RANK_CALLED,
    RANK_DECLARED,
    Input,
    Key,
    Mapper,
    MapperUnavailable,
    Plan,
    Producer,
    Provider,
    Requirement,
    Solver,
    Subject,
    UnsatisfiedArguments,
)

SUBJECT = Subject("exec deploy", "files build")


def mapper(plugin: str, ins: str, out: str, base: int = 8, rank: int = 3) -> Mapper:
    keys = tuple(ins.split())

    def call(values: Mapping[Key, object]) -> object:
        return f"{out}({','.join(str(values[k]) for k in keys)})"

    return Mapper(plugin, keys, out, call, base, rank)


def needs(*keys: str) -> list[Requirement]:
    return [Requirement("", key) for key in keys]


def test_a_direct_value_beats_a_mapper() -> None:
    solver = Solver([Input("artifact", "docker.Image", "img")], mappers=[mapper("pack", "", "docker.Image", base=0)])
    assert solver.run(needs("docker.Image"), SUBJECT)[1] == ("img",)


def test_pack_to_docker_avoids_a_decoy_with_an_input_nobody_has() -> None:
    decoy = mapper("decoy", "pack.DockerImage acme.Missing", "docker.Image", base=0, rank=RANK_DECLARED)
    solver = Solver(
        [Input("artifact", "pack.DockerImage", "p")],
        mappers=[decoy, mapper("pack", "pack.DockerImage", "docker.Image")],
    )
    plan, values = solver.run(needs("docker.Image"), SUBJECT)
    assert values == ("docker.Image(p)",)
    assert [m.plugin for m in plan.mappers()] == ["pack"]
    assert plan.warnings == ()


def test_a_cycle_is_harmless_and_costs_add_up() -> None:
    solver = Solver(
        [Input("x", "a", "A")],
        mappers=[mapper("p", "b", "a", 10), mapper("p", "a", "b", 10), mapper("p", "b", "c", 10)],
    )
    assert solver.cost("c") == 20
    assert solver.run(needs("c"), SUBJECT)[1] == ("c(b(A))",)


def test_names_decide_between_inputs_of_one_type() -> None:
    solver = Solver([Input("access_info", "m", 1), Input("artifact", "m", 2), Input("has_registry", "prim:bool", True)])
    assert solver.run([Requirement("artifact", "m")], SUBJECT)[1] == (2,)
    assert solver.run([Requirement("other", "m")], SUBJECT)[1] == (1,)
    assert solver.run([Requirement("hasregistry", "prim:bool")], SUBJECT)[1] == (True,)


def test_a_named_bool_never_takes_another_bool() -> None:
    solver = Solver([Input("has_registry", "prim:bool", True)])
    with pytest.raises(UnsatisfiedArguments, match="missing: bool named verbose"):
        solver.solve([Requirement("verbose", "prim:bool")], SUBJECT)


def test_equal_mappers_of_two_plugins_are_told_apart_and_reported() -> None:
    inputs = [Input("artifact", "a", "A")]
    first, second = mapper("one", "a", "b"), mapper("two", "a", "b")
    plan = Solver(inputs, mappers=[first, second]).solve(needs("b"), SUBJECT)
    assert plan.mappers() == (first,)
    assert "one: a → b is used, two: a → b would do as well" in plan.warnings[0]
    own = mapper("two", "a", "b", rank=RANK_CALLED)
    plan = Solver(inputs, mappers=[first, own]).solve(needs("b"), SUBJECT)
    assert plan.mappers() == (own,)
    assert plan.warnings == ()


def test_providers_run_once_and_late_ones_last() -> None:
    order: list[str] = []

    def provide(name: str) -> str:
        order.append(name)
        return name

    solver = Solver(
        [Input("artifact", "a", "A")],
        [Provider("ui", lambda: provide("ui"), late=True), Provider("source", lambda: provide("source"))],
        [mapper("p", "a source", "b")],
    )
    _, values = solver.run(needs("ui", "b", "source"), SUBJECT)
    assert values == ("ui", "b(A,source)", "source")
    assert order == ["source", "ui"]


def test_a_shared_step_is_run_once() -> None:
    calls: list[str] = []

    def once(values: Mapping[Key, object]) -> object:
        calls.append("a→b")
        return "B"

    shared = Mapper("p", ("a",), "b", once)
    solver = Solver([Input("", "a", "A")], mappers=[shared, mapper("p", "b", "c"), mapper("p", "b", "d")])
    assert solver.run(needs("c", "d", "b"), SUBJECT)[1] == ("c(B)", "d(B)", "B")
    assert calls == ["a→b"]


def test_a_mapper_its_plugin_does_not_have_is_left_out() -> None:
    def gone(values: Mapping[Key, object]) -> object:
        raise MapperUnavailable

    solver = Solver([Input("", "a", "A")], mappers=[Mapper("x", ("a",), "b", gone, base=0), mapper("y", "a", "b")])
    assert solver.run(needs("b"), SUBJECT)[1] == ("b(A)",)


def test_a_failing_mapper_is_named() -> None:
    def fail(values: Mapping[Key, object]) -> object:
        raise PluginError("the tag is empty")

    with pytest.raises(PluginError, match=r"mapper pack: pack.DockerImage → docker.Image: the tag is empty"):
        Solver(
            [Input("", "pack.DockerImage", 1)], mappers=[Mapper("pack", ("pack.DockerImage",), "docker.Image", fail)]
        ).run(needs("docker.Image"), SUBJECT)


def test_says_in_words_what_is_missing_and_what_to_do() -> None:
    solver = Solver(
        [Input("artifact", "files.Files")],
        [Provider("hashicorp.waypoint.sdk.Args.Source"), Provider("hashicorp.waypoint.sdk.Args.TerminalUI")],
        [mapper("exec", "docker.Image", "exec.Input")],
        makers=lambda key: ["docker", "docker-pull", "docker-ref"] if key == "docker.Image" else [],
    )
    with pytest.raises(UnsatisfiedArguments) as caught:
        solver.solve(needs("hashicorp.waypoint.sdk.Args.Source", "exec.Input"), SUBJECT)
    assert caught.value.missing == ("exec.Input",)
    assert str(caught.value).splitlines() == [
        "exec deploy cannot run after files build",
        "  missing: exec.Input",
        "    • mapper exec: docker.Image → exec.Input exists, but docker.Image is not available",
        "  available: files.Files (artifact), Source, UI",
        "  plugins that produce docker.Image: docker, docker-pull, docker-ref",
        "  fix: use one of these plugins, or declare a mapper from files.Files to docker.Image",
    ]


KEYS = [f"k{n}" for n in range(6)]
mappers_strategy = st.lists(
    st.builds(
        lambda plugin, ins, out, base: mapper(plugin, " ".join(sorted(ins)), out, base),
        st.sampled_from(["p", "q", "r"]),
        st.sets(st.sampled_from(KEYS), max_size=3),
        st.sampled_from(KEYS),
        st.integers(0, 12),
    ),
    max_size=10,
)
inputs_strategy = st.lists(st.sampled_from(KEYS), max_size=3).map(
    lambda keys: [Input("", key, key.upper()) for key in keys]
)


def brute_force(inputs: list[Input], mappers: list[Mapper]) -> dict[Key, int]:
    cost = {i.key: 0 for i in inputs}
    changed = True
    while changed:
        changed = False
        for m in mappers:
            if all(k in cost for k in m.ins):
                total = m.base + sum(cost[k] for k in m.ins) + max(0, len(m.ins) - 1)
                if total < cost.get(m.out, 1 << 30):
                    cost[m.out] = total
                    changed = True
    return cost


def chain(plan: Plan, producer: Producer, above: tuple[Producer, ...] = ()) -> int:
    assert producer not in above, "a value cannot be made out of itself"
    if not isinstance(producer, Mapper):
        return 0
    inner = sum(chain(plan, plan.settled[key].producer, (*above, producer)) for key in producer.ins)
    return producer.base + inner + max(0, len(producer.ins) - 1)


@settings(max_examples=300, deadline=None)
@given(inputs_strategy, mappers_strategy)
def test_reaches_what_can_be_reached_at_the_least_cost(inputs: list[Input], mappers: list[Mapper]) -> None:
    expected = brute_force(inputs, mappers)
    solver = Solver(inputs, mappers=mappers)
    for key in KEYS:
        assert solver.cost(key) == expected.get(key)
        if key in expected:
            plan, values = solver.run(needs(key), SUBJECT)
            assert chain(plan, plan.chosen[0]) == expected[key]
            assert str(values[0]).lower().startswith(key)
        else:
            with pytest.raises(UnsatisfiedArguments):
                solver.solve(needs(key), SUBJECT)


@settings(max_examples=100, deadline=None)
@given(inputs_strategy, mappers_strategy, st.randoms())
def test_equal_questions_get_equal_answers(inputs: list[Input], mappers: list[Mapper], rng: random.Random) -> None:
    wanted = [key for key in KEYS if Solver(inputs, mappers=mappers).reachable(key)]
    rng.shuffle(wanted)
    first = Solver(inputs, mappers=mappers).run(needs(*wanted), SUBJECT)
    second = Solver(inputs, mappers=mappers).run(needs(*wanted), SUBJECT)
    assert first[0].mappers() == second[0].mappers()
    assert first[1] == second[1]
    assert first[0].warnings == second[0].warnings
