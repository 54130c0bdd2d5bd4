"""Add roles, sign-in by OpenID Connect, the audit, triggers, pipelines and hostnames; let keys end."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Creates the tables and the column."""
    op.add_column("hmac_keys", sa.Column("retires", sa.BigInteger()))
    _people()
    _audit()
    _triggers()


def _people() -> None:
    op.create_table(
        "user_links",
        sa.Column("issuer", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("user_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("user_links_users_fk"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("issuer", "subject", name=op.f("user_links_pk")),
    )
    op.create_index("user_links_user", "user_links", ["user_id"], unique=False)
    op.create_table(
        "role_grants",
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("project_key", sa.String(), nullable=False),
        sa.Column("workspace_key", sa.String(), nullable=False),
        sa.Column("blob", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("role_grants_users_fk"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", "project_key", "workspace_key", name=op.f("role_grants_pk")),
    )
    op.create_table(
        "auth_methods",
        sa.Column("name_key", sa.String(), nullable=False),
        sa.Column("blob", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name_key", name=op.f("auth_methods_pk")),
    )
    op.create_table(
        "oidc_logins",
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("name_key", sa.String(), nullable=False),
        sa.Column("redirect_uri", sa.String(), nullable=False),
        sa.Column("nonce", sa.String(), nullable=False),
        sa.Column("verifier", sa.String(), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("state", name=op.f("oidc_logins_pk")),
    )
    op.create_index("oidc_logins_expires", "oidc_logins", ["expires"], unique=False)


def _audit() -> None:
    op.create_table(
        "audit_events",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("time", sa.BigInteger(), nullable=False),
        sa.Column("rpc", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("project_key", sa.String(), nullable=False),
        sa.Column("blob", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("audit_events_pk")),
    )
    op.create_index("audit_events_actor", "audit_events", ["actor", "id"], unique=False)
    op.create_index("audit_events_project", "audit_events", ["project_key", "id"], unique=False)
    op.create_index("audit_events_time", "audit_events", ["time"], unique=False)


def _triggers() -> None:
    op.create_table(
        "triggers",
        sa.Column("id_key", sa.String(), nullable=False),
        sa.Column("project_key", sa.String(), nullable=False),
        sa.Column("app_key", sa.String(), nullable=False),
        sa.Column("workspace_key", sa.String(), nullable=False),
        sa.Column("blob", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id_key", name=op.f("triggers_pk")),
    )
    op.create_index("triggers_project", "triggers", ["project_key"], unique=False)
    op.create_table(
        "pipelines",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("project_key", sa.String(), nullable=False),
        sa.Column("name_key", sa.String(), nullable=False),
        sa.Column("blob", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pipelines_pk")),
    )
    op.create_index("pipelines_name", "pipelines", ["project_key", "name_key"], unique=True)
    op.create_table(
        "pipeline_runs",
        sa.Column("pipeline_id", sa.String(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("blob", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["pipeline_id"], ["pipelines.id"], name=op.f("pipeline_runs_pipelines_fk"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("pipeline_id", "sequence", name=op.f("pipeline_runs_pk")),
    )
    op.create_table(
        "hostnames",
        sa.Column("hostname_key", sa.String(), nullable=False),
        sa.Column("project_key", sa.String(), nullable=False),
        sa.Column("app_key", sa.String(), nullable=False),
        sa.Column("workspace_key", sa.String(), nullable=False),
        sa.Column("blob", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("hostname_key", name=op.f("hostnames_pk")),
    )
    op.create_index("hostnames_application", "hostnames", ["project_key", "app_key", "workspace_key"], unique=False)
