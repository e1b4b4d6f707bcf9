"""The pages of an admin: one class for each, which says where it is and answers."""

from __future__ import annotations

from trivet.admin.pages.account import AccountPage
from trivet.admin.pages.action import ActionPage
from trivet.admin.pages.conditions import ConditionsPage
from trivet.admin.pages.delete import DeletePage
from trivet.admin.pages.export import ExportPage
from trivet.admin.pages.file import FilePage
from trivet.admin.pages.form import AddPage, ChangePage, CopyPage
from trivet.admin.pages.history import RowHistoryPage
from trivet.admin.pages.home import HomePage
from trivet.admin.pages.importing import ImportPage
from trivet.admin.pages.kept_views import KeptViewsPage
from trivet.admin.pages.list import ListPage
from trivet.admin.pages.log import LogPage
from trivet.admin.pages.page import Page
from trivet.admin.pages.palette import PalettePage
from trivet.admin.pages.pick import PickPage
from trivet.admin.pages.preview import PreviewPage
from trivet.admin.pages.progress import ProgressPage
from trivet.admin.pages.restore import RestorePage

__all__ = ["PAGES"]

# In the order in which addresses are matched: a fixed word before a key.
PAGES: tuple[type[Page], ...] = (
    HomePage,
    PreviewPage,
    PalettePage,
    LogPage,
    ListPage,
    AddPage,
    KeptViewsPage,
    ConditionsPage,
    PickPage,
    ActionPage,
    ExportPage,
    ImportPage,
    ProgressPage,
    DeletePage,
    CopyPage,
    FilePage,
    RowHistoryPage,
    RestorePage,
    AccountPage,
    ChangePage,
)
