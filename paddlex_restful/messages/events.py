"""Sentences on the live updates of a task."""

from __future__ import annotations

BAD_EVENT_ID = (
    "{value!r} is not the id of an event of this server: give the id of the last event that was read, "
    "or none to begin at the start."
)
TOO_MANY_STREAMS = (
    "{most} readers follow tasks already, which is all that this server serves at once: "
    "end one of them and try again, or ask GET /project/task from time to time."
)
