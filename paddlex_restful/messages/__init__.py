"""Every sentence that users read, a module a noun, as ``str.format`` templates with named fields.

One place, so that a catalogue of another language can follow. A sentence says what is wrong and what to do. What stands
in a field of another sentence is a template here too, or sentences could not be told in another language once they are
made (``paddlex_restful.language``, where the names of such fields are).
"""

CLAUSES = "; "
"""Between several clauses in one field."""

NAMES = ", "
"""Between several things in one field."""

MORE = "and {more} more"
"""The last of several things or clauses, of which not all are told."""
