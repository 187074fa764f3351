"""The demo: a client script of the HTTP interface, and the data that demos use."""
