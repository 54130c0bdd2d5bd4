"""The first schema."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Creates all tables."""
    op.create_table(
        "app_locks",
        sa.Column("project_key", sa.String(), nullable=False),
        sa.Column("app_key", sa.String(), nullable=False),
        sa.Column("workspace_key", sa.String(), nullable=False),
        sa.Column("job_id", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("project_key", "app_key", "workspace_key", name=op.f("app_locks_pk")),
    )
    op.create_index("app_locks_job", "app_locks", ["job_id"], unique=True)
    op.create_table(
        "config_sources",
        sa.Column("scope", sa.Integer(), nullable=False),
        sa.Column("project_key", sa.String(), nullable=False),
        sa.Column("app_key", sa.String(), nullable=False),
        sa.Column("workspace_key", sa.String(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("blob", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint(
            "scope", "project_key", "app_key", "workspace_key", "type", name=op.f("config_sources_pk")
        ),
    )
    op.create_table(
        "config_vars",
        sa.Column("target_hash", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("scope", sa.Integer(), nullable=False),
        sa.Column("project_key", sa.String(), nullable=False),
        sa.Column("app_key", sa.String(), nullable=False),
        sa.Column("blob", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("target_hash", "name", name=op.f("config_vars_pk")),
    )
    op.create_index("config_vars_project", "config_vars", ["project_key"], unique=False)
    op.create_index("config_vars_scope", "config_vars", ["scope", "project_key", "app_key", "name"], unique=False)
    op.create_table(
        "config_versions",
        sa.Column("scope", sa.Integer(), nullable=False),
        sa.Column("project_key", sa.String(), nullable=False),
        sa.Column("app_key", sa.String(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("scope", "project_key", "app_key", name=op.f("config_versions_pk")),
    )
    op.create_table(
        "consumed_invites",
        sa.Column("accessor_id", sa.String(), nullable=False),
        sa.Column("consumed", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("accessor_id", name=op.f("consumed_invites_pk")),
    )
    op.create_table(
        "denied_tokens",
        sa.Column("accessor_id", sa.String(), nullable=False),
        sa.Column("denied", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("accessor_id", name=op.f("denied_tokens_pk")),
    )
    op.create_table(
        "hmac_keys",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("hmac_keys_pk")),
    )
    op.create_table(
        "job_output",
        sa.Column("job_id", sa.String(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("events", sa.Integer(), nullable=False),
        sa.Column("blob", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("job_id", "sequence", name=op.f("job_output_pk")),
    )
    op.create_table(
        "jobs",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("state", sa.Integer(), nullable=False),
        sa.Column("assignment", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("operation", sa.String(), nullable=False),
        sa.Column("target_kind", sa.Integer(), nullable=False),
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("queue_time", sa.BigInteger(), nullable=False),
        sa.Column("deadline", sa.BigInteger(), nullable=True),
        sa.Column("unfinished", sa.Integer(), server_default="0", nullable=False),
        sa.Column("runner_id", sa.String(), nullable=True),
        sa.Column("project_key", sa.String(), nullable=False),
        sa.Column("app_key", sa.String(), nullable=False),
        sa.Column("workspace_key", sa.String(), nullable=False),
        sa.Column("lock_project", sa.String(), nullable=True),
        sa.Column("lock_app", sa.String(), nullable=True),
        sa.Column("lock_workspace", sa.String(), nullable=True),
        sa.Column("singleton_key", sa.String(), nullable=True),
        sa.Column("queued_by", sa.String(), nullable=False),
        sa.Column("output_last", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("data_source_ref", sa.LargeBinary(), nullable=True),
        sa.Column("blob", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("jobs_pk")),
    )
    op.create_index("jobs_application", "jobs", ["project_key", "app_key", "id"], unique=False)
    op.create_index(
        "jobs_claim",
        "jobs",
        ["target_kind", "target", "queue_time", "id"],
        unique=False,
        sqlite_where=sa.text("state = 1 AND unfinished = 0"),
        postgresql_where=sa.text("state = 1 AND unfinished = 0"),
    )
    op.create_index(
        "jobs_deadline",
        "jobs",
        ["deadline"],
        unique=False,
        sqlite_where=sa.text("deadline IS NOT NULL"),
        postgresql_where=sa.text("deadline IS NOT NULL"),
    )
    op.create_index("jobs_runner", "jobs", ["runner_id", "state"], unique=False)
    op.create_index(
        "jobs_singleton",
        "jobs",
        ["singleton_key"],
        unique=True,
        sqlite_where=sa.text("state = 1 AND singleton_key IS NOT NULL"),
        postgresql_where=sa.text("state = 1 AND singleton_key IS NOT NULL"),
    )
    op.create_index("jobs_state", "jobs", ["state", "id"], unique=False)
    op.create_table(
        "operations",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("kind", sa.Integer(), nullable=False),
        sa.Column("project_key", sa.String(), nullable=False),
        sa.Column("app_key", sa.String(), nullable=False),
        sa.Column("workspace_key", sa.String(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=True),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("physical_state", sa.Integer(), nullable=False),
        sa.Column("start_time", sa.BigInteger(), nullable=False),
        sa.Column("complete_time", sa.BigInteger(), nullable=False),
        sa.Column("generation_id", sa.String(), nullable=True),
        sa.Column("target_id", sa.String(), nullable=True),
        sa.Column("job_id", sa.String(), nullable=True),
        sa.Column("blob", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("operations_pk")),
    )
    op.create_index(
        "operations_completed", "operations", ["kind", "project_key", "app_key", "complete_time"], unique=False
    )
    op.create_index(
        "operations_generation",
        "operations",
        ["kind", "project_key", "app_key", "generation_id", "sequence"],
        unique=False,
    )
    op.create_index("operations_job", "operations", ["job_id"], unique=False)
    op.create_index("operations_sequence", "operations", ["kind", "project_key", "app_key", "sequence"], unique=True)
    op.create_index("operations_started", "operations", ["kind", "project_key", "app_key", "start_time"], unique=False)
    op.create_index("operations_target", "operations", ["kind", "target_id"], unique=False)
    op.create_table(
        "projects",
        sa.Column("project_key", sa.String(), nullable=False),
        sa.Column("blob", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("project_key", name=op.f("projects_pk")),
    )
    op.create_table(
        "runner_profiles",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name_key", sa.String(), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("blob", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("runner_profiles_pk")),
    )
    op.create_index(
        "runner_profiles_default",
        "runner_profiles",
        ["is_default"],
        unique=True,
        sqlite_where=sa.text("is_default"),
        postgresql_where=sa.text("is_default"),
    )
    op.create_index("runner_profiles_name", "runner_profiles", ["name_key"], unique=True)
    op.create_table(
        "runners",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("adoption", sa.Integer(), nullable=False),
        sa.Column("registration", sa.BigInteger(), nullable=False),
        sa.Column("online", sa.Boolean(), nullable=False),
        sa.Column("gone", sa.Boolean(), nullable=False),
        sa.Column("label_hash", sa.String(), nullable=False),
        sa.Column("blob", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("runners_pk")),
    )
    op.create_table(
        "sequences",
        sa.Column("kind", sa.Integer(), nullable=False),
        sa.Column("project_key", sa.String(), nullable=False),
        sa.Column("app_key", sa.String(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "project_key", "app_key", name=op.f("sequences_pk")),
    )
    op.create_table(
        "settings",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("settings_pk")),
    )
    op.create_table(
        "users",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("username_key", sa.String(), nullable=False),
        sa.Column("email_key", sa.String(), nullable=True),
        sa.Column("not_before", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("blob", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("users_pk")),
    )
    op.create_index("users_email", "users", ["email_key"], unique=True)
    op.create_index("users_username", "users", ["username_key"], unique=True)
    op.create_table(
        "workspaces",
        sa.Column("workspace_key", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("active", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_key", name=op.f("workspaces_pk")),
    )
    op.create_table(
        "applications",
        sa.Column("project_key", sa.String(), nullable=False),
        sa.Column("app_key", sa.String(), nullable=False),
        sa.Column("blob", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_key"], ["projects.project_key"], name=op.f("applications_projects_fk"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("project_key", "app_key", name=op.f("applications_pk")),
    )
    op.create_table(
        "job_dependencies",
        sa.Column("job_id", sa.String(), nullable=False),
        sa.Column("depends_on", sa.String(), nullable=False),
        sa.Column("allow_failure", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("job_dependencies_jobs_fk"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("job_id", "depends_on", name=op.f("job_dependencies_pk")),
    )
    op.create_index("job_dependencies_on", "job_dependencies", ["depends_on"], unique=False)
    op.create_table(
        "workspace_projects",
        sa.Column("workspace_key", sa.String(), nullable=False),
        sa.Column("project_key", sa.String(), nullable=False),
        sa.Column("active", sa.BigInteger(), nullable=False),
        sa.Column("data_source_ref", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["project_key"], ["projects.project_key"], name=op.f("workspace_projects_projects_fk"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["workspace_key"],
            ["workspaces.workspace_key"],
            name=op.f("workspace_projects_workspaces_fk"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_key", "project_key", name=op.f("workspace_projects_pk")),
    )
    op.create_index("workspace_projects_project", "workspace_projects", ["project_key"], unique=False)
    op.create_table(
        "workspace_applications",
        sa.Column("workspace_key", sa.String(), nullable=False),
        sa.Column("project_key", sa.String(), nullable=False),
        sa.Column("app_key", sa.String(), nullable=False),
        sa.Column("active", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_key", "project_key"],
            ["workspace_projects.workspace_key", "workspace_projects.project_key"],
            name=op.f("workspace_applications_workspace_projects_fk"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_key", "project_key", "app_key", name=op.f("workspace_applications_pk")),
    )
