"""The traffic switch: one stable address in front of deployments that come and go.

A platform without a load balancer of its own (containers on one engine, processes on this machine) gives every
deployment its own port. `release` wants one address that never changes and moves to another deployment without
losing a request. The switch is a small relay process that owns this address and outlives the program which started it.

* `http1`   where requests and answers begin and end on a connection (bytes in, facts out; no sockets)
* `relay`   the process: listens, relays, moves connections to a new target; standard library only
* `control` what plugins call: start it, point it, ask it, stop it

Import from `wp_sdk.switch.control`; this module imports nothing, because the relay process starts through it.
"""

from __future__ import annotations
