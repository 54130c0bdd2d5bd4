"""Keep the size of a scope's configuration beside its version, so that the limit is checked without adding up."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the column and fills it."""
    op.add_column("config_versions", sa.Column("bytes", sa.BigInteger(), nullable=False, server_default="0"))
    op.execute(
        "UPDATE config_versions SET bytes = (SELECT coalesce(sum(length(blob)), 0) FROM config_vars"
        " WHERE config_vars.scope = config_versions.scope"
        " AND config_vars.project_key = config_versions.project_key"
        " AND config_vars.app_key = config_versions.app_key)"
    )
