from __future__ import annotations

import docker


def test_the_base_images_run(docker_client: docker.DockerClient, busybox_image: str, python_image: str) -> None:
    assert docker_client.containers.run(busybox_image, ["echo", "hello"], remove=True) == b"hello\n"
    program = "import json, ssl, sqlite3, zlib, ctypes, http.server; print('hello')"
    assert docker_client.containers.run(python_image, ["python3", "-c", program], remove=True) == b"hello\n"
