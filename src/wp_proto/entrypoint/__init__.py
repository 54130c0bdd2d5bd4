"""The entrypoint's share of the wire: its messages in plain Python, without protobuf's runtime.

`messages` is generated from the same `.proto` files as everything else; `codec` is what its classes run on.
"""
