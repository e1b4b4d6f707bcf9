"""What was declared, checked against the models and frozen: nothing here changes while serving."""

from __future__ import annotations

from trivet.admin.plan.model import ModelPlan, plan_of
from trivet.admin.plan.site import SitePlan

__all__ = ["ModelPlan", "SitePlan", "plan_of"]
