"""Add what is looked at regularly and when, and when the clean-up after a launched runner is tried again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_DUE = sa.text("stop_again IS NOT NULL")


def upgrade() -> None:
    """Creates the table and the columns; clean-ups that failed before are tried again."""
    op.create_table(
        "polls",
        sa.Column("kind", sa.Integer(), nullable=False),
        sa.Column("project_key", sa.String(), nullable=False),
        sa.Column("app_key", sa.String(), nullable=False),
        sa.Column("next", sa.BigInteger(), nullable=False),
        sa.Column("last", sa.BigInteger()),
        sa.Column("failures", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("job_ids", sa.String(), nullable=False, server_default=""),
        sa.Column("known", sa.LargeBinary()),
        sa.Column("problem", sa.String(), nullable=False, server_default=""),
        sa.ForeignKeyConstraint(
            ["project_key"], ["projects.project_key"], name=op.f("polls_projects_fk"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("kind", "project_key", "app_key", name=op.f("polls_pk")),
    )
    op.create_index("polls_next", "polls", ["next"])
    op.create_index("polls_project", "polls", ["project_key"])
    op.add_column("tasks", sa.Column("stop_again", sa.BigInteger()))
    op.add_column("tasks", sa.Column("stops_failed", sa.Integer(), nullable=False, server_default="0"))
    op.create_index("tasks_stop_again", "tasks", ["stop_again"], sqlite_where=_DUE, postgresql_where=_DUE)
    op.execute("UPDATE tasks SET stop_again = 0 WHERE stop_job IN (SELECT id FROM jobs WHERE state = 4)")
