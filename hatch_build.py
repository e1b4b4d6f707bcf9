"""Puts the files of the documentation pages into a build: Swagger UI and ReDoc with licences.

They come from `drf-spectacular-sidecar`, a build requirement only, and are found without importing
it. So an installed Trivet shows its pages without a CDN and without another dependency.
"""

from __future__ import annotations

import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FILES = {
    "swagger-ui-dist/swagger-ui-bundle.js": "swagger-ui-bundle.js",
    "swagger-ui-dist/swagger-ui.css": "swagger-ui.css",
    "swagger-ui-dist/LICENSE": "swagger-ui.LICENSE",
    "redoc/bundles/redoc.standalone.js": "redoc.standalone.js",
    "redoc/LICENSE": "redoc.LICENSE",
}


class BundleHook(BuildHookInterface[Any]):
    """Copies the files into the package before it is packed, and leaves them there."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        spec = find_spec("drf_spectacular_sidecar")
        if spec is None or not spec.submodule_search_locations:
            raise RuntimeError("drf-spectacular-sidecar is a build requirement and is not there")
        package = Path(next(iter(spec.submodule_search_locations)))
        source = package / "static" / "drf_spectacular_sidecar"
        bundled = Path(self.root) / "src" / "trivet" / "openapi" / "bundled"
        bundled.mkdir(exist_ok=True)
        for name, target in FILES.items():
            shutil.copyfile(source / name, bundled / target)
