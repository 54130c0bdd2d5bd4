"""Putting a server and runners on a platform, where they stand: what `server install` and `runner install` share."""
