"""Static files: folders of ready files, served as they are."""

from trivet.static.files import StaticFiles

__all__ = ["StaticFiles"]
