"""The store's SQL is the toolkit's, not one engine's: tables and prepared statements also compile for PostgreSQL."""

from __future__ import annotations

import importlib
import pkgutil

import pytest
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable
from sqlalchemy.sql import Executable

from wp_server import store
from wp_server.store import schema
from wp_server.store.prepared import Prepared

PARTIAL = {"jobs_claim", "jobs_deadline", "jobs_singleton", "runner_profiles_default", "tasks_stop_again"}
DIALECT = postgresql.dialect()
MODULES = [module.name for module in pkgutil.iter_modules(store.__path__) if not module.ispkg]


def statements(module: str) -> list[Executable]:
    found: list[Executable] = []
    for value in vars(importlib.import_module(f"wp_server.store.{module}")).values():
        candidates = value.values() if isinstance(value, dict) else [value]
        plain = [one._statement if isinstance(one, Prepared) else one for one in candidates]
        found += [one for one in plain if isinstance(one, Executable)]
    return found


@pytest.mark.parametrize("module", MODULES)
def test_prepared_statements_compile_for_postgresql(module):
    for statement in statements(module):
        assert str(statement.compile(dialect=DIALECT))


def test_there_are_statements_to_look_at():
    assert sum(len(statements(module)) for module in MODULES) > 40


def test_the_schema_compiles_for_postgresql_with_its_partial_indexes():
    for table in schema.complete("postgresql").sorted_tables:
        assert str(CreateTable(table).compile(dialect=DIALECT))
        for index in table.indexes:
            sql = str(CreateIndex(index).compile(dialect=DIALECT))
            assert ("WHERE" in sql) == (index.name in PARTIAL)
