"""`trivet deploy docker|compose|kubernetes|systemd|procfile`: writes what is missing, shows it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from trivet.cli.deploy.plans import files_of, remarks_on
from trivet.cli.deploy.shape import shape_of
from trivet.cli.opened import locate, open_app
from trivet.cli.options import AppArgument, LoadOptions
from trivet.terminal import Pen

__all__ = ["compose", "docker", "kubernetes", "procfile", "systemd"]

Image = Annotated[
    str | None,
    typer.Option(
        metavar="NAME:TAG",
        help="What the image is called, with its registry",
        show_default="the project's name and version",
    ),
]
Force = Annotated[bool, typer.Option("--force", help="Write over files that are there")]
Show = Annotated[bool, typer.Option("--show", help="Show the files, and write none")]


def docker(
    options: LoadOptions,
    argument: AppArgument = None,
    image: Image = None,
    force: Force = False,
    show: Show = False,
) -> None:
    """Write a Dockerfile and .dockerignore: two stages, no root, compiled, with a health check."""
    _deploy("docker", options, argument, image, force=force, show=show)


def compose(
    options: LoadOptions,
    argument: AppArgument = None,
    image: Image = None,
    force: Force = False,
    show: Show = False,
) -> None:
    """Write compose.yaml besides: the application with what it stands on, migrations first."""
    _deploy("compose", options, argument, image, force=force, show=show)


def kubernetes(
    options: LoadOptions,
    argument: AppArgument = None,
    image: Image = None,
    force: Force = False,
    show: Show = False,
) -> None:
    """Write manifests for Kubernetes into deploy/kubernetes, and the Dockerfile."""
    _deploy("kubernetes", options, argument, image, force=force, show=show)


def systemd(
    options: LoadOptions, argument: AppArgument = None, force: Force = False, show: Show = False
) -> None:
    """Write units for systemd into deploy/systemd, which may do little."""
    _deploy("systemd", options, argument, None, force=force, show=show)


def procfile(
    options: LoadOptions, argument: AppArgument = None, force: Force = False, show: Show = False
) -> None:
    """Write a Procfile, for platforms that read one."""
    _deploy("procfile", options, argument, None, force=force, show=show)


def _deploy(
    kind: str,
    options: LoadOptions,
    argument: str | None,
    image: str | None,
    *,
    force: bool,
    show: bool,
) -> None:
    place = locate(options, argument)
    folder = _project_folder(place.folder)
    shape = shape_of(open_app(options, argument), place, folder)
    files = files_of(kind, shape, image or f"{shape.name}:{shape.version}")
    pen = Pen()
    for path, text in files.items():
        target = folder / path
        if show:
            pen.write(f"{pen.paint(f'# -- {path}', 'mark')}\n{text}")
        elif target.exists() and not force:
            same = target.read_text("utf-8", "replace") == text
            word = "same" if same else "kept"
            pen.write(
                f"  {pen.paint(word, 'dim')}  {path}{'' if same else ' (--force writes over)'}"
            )
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
            pen.write(f"  {pen.paint('wrote', 'good')} {path}")
    trouble = Pen(sys.stderr)
    for remark in remarks_on(kind, shape):
        trouble.write(f"{trouble.paint('Note:', 'warn')} {remark}")


def _project_folder(folder: Path) -> Path:
    """Give the nearest folder with a pyproject.toml, or the application's own."""
    for one in (folder, *folder.parents):
        if (one / "pyproject.toml").is_file():
            return one
    return folder
