"""Dynamic configuration sources: Vault, Consul, Kubernetes, AWS Systems Manager, Terraform Cloud.

Standard library only, since they run inside the entrypoint, in other people's images: nothing here may import anything
of a third party, or of ours. Values are read by whoever needs them in rounds (`Source.read`); a source keeps what it
may keep between rounds (logins, leases, cached answers) and answers one failure for one variable, never for all.
"""

from wp_sources.contract import KINDS, Reading, Source, SourceError, open_source

__all__ = ["KINDS", "Reading", "Source", "SourceError", "open_source"]
