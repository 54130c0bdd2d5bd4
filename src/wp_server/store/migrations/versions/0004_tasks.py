"""Add tasks: the jobs around one launched runner."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_JOBS = ("work_job", "start_job", "watch_job", "stop_job")


def upgrade() -> None:
    """Creates the table."""
    op.create_table(
        "tasks",
        sa.Column("id", sa.String(), nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in _JOBS),
        sa.Column("token_accessor", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("tasks_pk")),
    )
    for name in _JOBS:
        op.create_index(f"tasks_{name}", "tasks", [name], unique=True)
