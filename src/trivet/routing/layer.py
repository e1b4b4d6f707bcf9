"""What a router adds to the routes of another router that it includes, and how layers add up."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from starlette.responses import JSONResponse

from trivet.routing.functions import Surroundings
from trivet.routing.options import Default, FormLimits, chosen, generate_unique_id
from trivet.routing.route import Bound, Route
from trivet.routing.when import HeaderIs

__all__ = ["Layer"]


@dataclass(frozen=True)
class Layer:
    """One inclusion, or several one inside the other: prefix first, then what all routes get."""

    prefix: str = ""
    tags: tuple[Any, ...] = ()
    dependencies: tuple[Any, ...] = ()
    responses: dict[int | str, dict[str, Any]] = field(default_factory=dict)
    callbacks: tuple[Any, ...] = ()
    deprecated: bool | None = None
    include_in_schema: bool = True
    default_response_class: Any = field(default_factory=lambda: Default(JSONResponse))
    generate_unique_id_function: Any = field(default_factory=lambda: Default(generate_unique_id))
    strict_content_type: Any = field(default_factory=lambda: Default(True))
    dependency_overrides_provider: Any = None
    max_body_size: int | None = None
    form_limits: FormLimits = field(default_factory=FormLimits)
    when: HeaderIs | None = None
    # The included routers, outermost first: their functions and handlers may be declared later.
    routers: tuple[Surroundings, ...] = ()
    # What the included router itself says, which is nearer to its routes than the inclusion.
    own_response_class: Any = field(default_factory=lambda: Default(JSONResponse))
    own_unique_id_function: Any = field(default_factory=lambda: Default(generate_unique_id))
    own_strict_content_type: Any = field(default_factory=lambda: Default(True))

    def around(self, inner: Layer) -> Layer:
        """Give the layer of an inclusion `inner` that stands inside this one."""
        return Layer(
            prefix=self.prefix + inner.prefix,
            tags=self.tags + inner.tags,
            dependencies=self.dependencies + inner.dependencies,
            responses={**self.responses, **inner.responses},
            callbacks=self.callbacks + inner.callbacks,
            deprecated=self.deprecated or inner.deprecated,
            include_in_schema=self.include_in_schema and inner.include_in_schema,
            default_response_class=chosen(
                inner.default_response_class, self.default_response_class
            ),
            generate_unique_id_function=chosen(
                inner.generate_unique_id_function, self.generate_unique_id_function
            ),
            strict_content_type=chosen(inner.strict_content_type, self.strict_content_type),
            dependency_overrides_provider=self.dependency_overrides_provider,
            max_body_size=(
                inner.max_body_size if inner.max_body_size is not None else self.max_body_size
            ),
            form_limits={**self.form_limits, **inner.form_limits},
            when=inner.when or self.when,
            routers=self.routers + inner.routers,
            own_response_class=inner.own_response_class,
            own_unique_id_function=inner.own_unique_id_function,
            own_strict_content_type=inner.own_strict_content_type,
        )

    def bind(self, route: Route) -> Bound:
        """Give `route` as it is seen through this layer."""
        return Bound(
            route,
            self.prefix + route.path,
            {
                "response_model": route.response_model,
                "status_code": route.status_code,
                "tags": [*self.tags, *route.tags],
                "dependencies": [*self.dependencies, *route.dependencies],
                "summary": route.summary,
                "description": route.description,
                "response_description": route.response_description,
                "responses": {**self.responses, **route.responses},
                "deprecated": route.deprecated or self.deprecated,
                "methods": route.methods,
                "operation_id": route.operation_id,
                "response_model_include": route.response_model_include,
                "response_model_exclude": route.response_model_exclude,
                "response_model_by_alias": route.response_model_by_alias,
                "response_model_exclude_unset": route.response_model_exclude_unset,
                "response_model_exclude_defaults": route.response_model_exclude_defaults,
                "response_model_exclude_none": route.response_model_exclude_none,
                "include_in_schema": route.include_in_schema and self.include_in_schema,
                "response_class": chosen(
                    route.response_class, self.own_response_class, self.default_response_class
                ),
                "name": route.name,
                "dependency_overrides_provider": self.dependency_overrides_provider,
                "callbacks": [*self.callbacks, *(route.callbacks or [])],
                "openapi_extra": route.openapi_extra,
                "generate_unique_id_function": chosen(
                    route.generate_unique_id_function,
                    self.own_unique_id_function,
                    self.generate_unique_id_function,
                ),
                "strict_content_type": chosen(
                    route.strict_content_type,
                    self.own_strict_content_type,
                    self.strict_content_type,
                ),
                "max_body_size": (
                    route.max_body_size if route.max_body_size is not None else self.max_body_size
                ),
                "form_limits": {**self.form_limits, **route.form_limits},
                "stream_item_type": route.stream_item_type,
                "when": route.when or self.when,
            },
        )
