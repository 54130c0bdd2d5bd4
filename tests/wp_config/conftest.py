"""Properties are tried with whatever time they take: how busy the machine is says nothing about the language."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("patient", deadline=None)
settings.load_profile("patient")
