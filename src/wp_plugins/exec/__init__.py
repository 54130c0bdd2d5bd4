"""The exec platform: deploying means running a command of the user's."""

from __future__ import annotations

from wp_plugins.exec import platform
from wp_sdk.component import Platform, Plugin

PLUGIN = Plugin(
    "exec",
    platform=Platform(
        platform.PlatformConfig,
        deploy=platform.deploy,
        destroy=platform.destroy,
        status=platform.status,
        example=(
            "deploy {\n"
            '  use "exec" {\n'
            '    command = ["kubectl", "apply", "-f", "<TPL>"]\n'
            "    template {\n"
            '      path = "${path.app}/app.yml"\n'
            "    }\n"
            "  }\n"
            "}"
        ),
    ),
    mappers=(platform.image_to_input, platform.files_to_input),
    doc="Deploy by running a command.",
)
