"""Every sentence that users read, a module a noun, as ``str.format`` templates with named fields.

One place, so that a catalogue of another language can follow. A sentence says what is wrong and what to do.
"""
