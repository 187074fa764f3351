"""The HTTP side: a blueprint a noun; arguments in, answers out."""

from flask import Blueprint

from paddlex_restful.api import (
    dataset,
    demo,
    docs,
    download,
    evaluate,
    events,
    export,
    file,
    health,
    model,
    predict,
    project,
    prune,
    system,
    task,
    train,
    upload,
    workspace,
)

BLUEPRINTS: tuple[Blueprint, ...] = tuple(
    noun.blueprint
    for noun in (
        workspace,
        dataset,
        upload,
        file,
        project,
        task,
        events,
        train,
        prune,
        evaluate,
        predict,
        export,
        model,
        download,
        system,
        health,
        demo,
        docs,
    )
)
"""The blueprints of all nouns."""
