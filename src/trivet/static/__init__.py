"""Static files: folders of ready files, served as they are."""

from trivet.static.files import StaticFiles
from trivet.static.part import Static

__all__ = ["Static", "StaticFiles"]
