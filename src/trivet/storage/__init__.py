"""Files that people bring: storages, rules for uploads, signed links, thumbnails.

``from trivet.storage import LocalStorage, Media, UploadRules``
"""

from __future__ import annotations

from trivet.storage.bucket import BucketStorage
from trivet.storage.errors import BadName, FileMissing, FileTooLarge, StorageAway
from trivet.storage.links import LinkRefused
from trivet.storage.local import LocalStorage
from trivet.storage.media import Media
from trivet.storage.memory import MemoryStorage
from trivet.storage.reference import FileRef
from trivet.storage.rules import UploadRules
from trivet.storage.storage import FileState, Storage
from trivet.storage.thumbnails import ImageRefused, Thumbnails

__all__ = [
    "BadName",
    "BucketStorage",
    "FileMissing",
    "FileRef",
    "FileState",
    "FileTooLarge",
    "ImageRefused",
    "LinkRefused",
    "LocalStorage",
    "Media",
    "MemoryStorage",
    "Storage",
    "StorageAway",
    "Thumbnails",
    "UploadRules",
]
