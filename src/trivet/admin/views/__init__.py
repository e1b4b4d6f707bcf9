"""What the templates are given: plain data for one answer, decided before a template is asked.

A template draws and decides nothing: what somebody may not see or do is not in here. Addresses are
whole paths of this site, texts are in the language of the page, and what is HTML already is an
`Html`, which escapes nothing a second time.
"""

from __future__ import annotations

from trivet.admin.views.conditions import ConditionGroup, ConditionRow, ConditionsPage
from trivet.admin.views.doing import (
    ActionPage,
    DeletePage,
    ImportColumn,
    ImportPage,
    Node,
    ProgressPage,
)
from trivet.admin.views.frame import (
    Choice,
    Crumb,
    Entry,
    Frame,
    Html,
    Link,
    MenuGroup,
    MessagePage,
    Option,
    Visitor,
)
from trivet.admin.views.home import CardView, ChartView, HomePage, Point, Recent
from trivet.admin.views.kept import KeptView, ViewsPage
from trivet.admin.views.list import Asked, Chip, Filter, Head, ListPage, Pager, Row
from trivet.admin.views.row import (
    AccountPage,
    BothChanged,
    Button,
    ConflictPage,
    Fact,
    FormPage,
    Presence,
    Section,
    Tab,
)
from trivet.admin.views.told import Change, HistoryEntry, HistoryPage, LogField

__all__ = [
    "AccountPage",
    "ActionPage",
    "Asked",
    "BothChanged",
    "Button",
    "CardView",
    "Change",
    "ChartView",
    "Chip",
    "Choice",
    "ConditionGroup",
    "ConditionRow",
    "ConditionsPage",
    "ConflictPage",
    "Crumb",
    "DeletePage",
    "Entry",
    "Fact",
    "Filter",
    "FormPage",
    "Frame",
    "Head",
    "HistoryEntry",
    "HistoryPage",
    "HomePage",
    "Html",
    "ImportColumn",
    "ImportPage",
    "KeptView",
    "Link",
    "ListPage",
    "LogField",
    "MenuGroup",
    "MessagePage",
    "Node",
    "Option",
    "Pager",
    "Point",
    "Presence",
    "ProgressPage",
    "Recent",
    "Row",
    "Section",
    "Tab",
    "ViewsPage",
    "Visitor",
]
