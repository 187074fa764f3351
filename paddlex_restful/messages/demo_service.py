"""Sentences on demo projects as entries."""

NAME = "Demo: {type}"
DESCRIPTION = "A demo project, made by POST /demo."
NOT_DOWNLOADED = "The demo has not been downloaded yet."
NOT_DOWNLOADING = "The {type} demo is not being downloaded: there is nothing to stop."
STILL_DOWNLOADING = "The {type} demo is still being downloaded: wait until GET /demo says that it is unpacked."
DOWNLOAD_FIRST = "The {type} demo is not on the server yet: download it first with POST /demo, type download."
DIGITS_FAILED = "The digits could not be written: {reason}"
