from __future__ import annotations

import re
import time

from wp_sdk.ids import new_id


def test_ids_are_ulids_that_sort_by_time() -> None:
    first = new_id()
    time.sleep(0.002)
    second = new_id()
    assert re.fullmatch(r"[0-7][0-9A-HJKMNP-TV-Z]{25}", first)
    assert first < second
