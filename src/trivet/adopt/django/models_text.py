"""Django's models as models of Trivet's on the same tables, as text.

Tables, columns and keys are named as the database has them, and attributes as Django's code has
them. Models of other packages come along where the project's own refer to them, called by their
application too: `AuthUser`.
"""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from dataclasses import dataclass, field

from trivet.adopt.django.project import Field, Many, ModelFacts
from trivet.db.migrate.imports import Imports
from trivet.db.reflect.names import ATTRIBUTES, is_secret

__all__ = ["Written", "models_text"]

# In a class body, annotations further down would mean the column.
_TAKEN = (ATTRIBUTES | frozenset(dir(builtins)) | {
    "date", "datetime", "time", "timedelta", "Decimal", "UUID", "Any",
}) - {"id", "type"}  # fmt: skip
_WIDTH = 95

_INTEGERS = {
    "IntegerField": "Integer", "PositiveIntegerField": "Integer", "AutoField": "Integer",
    "SmallIntegerField": "SmallInteger", "PositiveSmallIntegerField": "SmallInteger",
    "SmallAutoField": "SmallInteger",
}  # fmt: skip
_LARGE = frozenset({"BigIntegerField", "BigAutoField", "PositiveBigIntegerField"})
_TEXTS = frozenset(
    {"CharField", "SlugField", "EmailField", "URLField", "FileField", "ImageField",
     "FilePathField", "CommaSeparatedIntegerField"}
)  # fmt: skip
_PLAIN = {
    "TextField": "str", "BooleanField": "bool", "NullBooleanField": "bool", "FloatField": "float",
    "BinaryField": "bytes",
}  # fmt: skip
_MODULES = {
    "DateField": ("date", "datetime"), "TimeField": ("time", "datetime"),
    "UUIDField": ("UUID", "uuid"),
}  # fmt: skip


@dataclass
class Written:
    """The text of a module, and what could not be said in it."""

    text: str = ""
    lost: list[tuple[ModelFacts, str, str]] = field(default_factory=list)
    """A model, what is not there, and what to do."""
    written: list[ModelFacts] = field(default_factory=list)


def models_text(
    models: Sequence[ModelFacts], own: set[str], *, engine: str, uses_zones: bool
) -> Written:
    """Give a module with the models whose labels are in `own`, and those that they refer to."""
    written = Written()
    by_label = {one.label: one for one in models}
    wanted = _wanted(models, own, by_label)
    names = {one.label: _name(one, own, wanted) for one in wanted}
    maker = _Maker(by_label, names, written, engine, uses_zones)
    parts = [maker.model(one) for one in wanted]
    head = '"""The tables of a Django project as models, written by `trivet adopt django`."""'
    tables = "".join(f"\n{one}\n" for one in maker.tables)
    written.text = (
        f"{head}\n\nfrom __future__ import annotations\n\n{maker.imports.text()}\n{tables}"
        + "".join(f"\n\n{part}\n" for part in parts)
    )
    written.written = wanted
    return written


def _wanted(
    models: Sequence[ModelFacts], own: set[str], by_label: dict[str, ModelFacts]
) -> list[ModelFacts]:
    found = {one.label for one in models if one.label in own and not one.is_proxy}
    waiting = list(found)
    while waiting:
        model = by_label[waiting.pop()]
        targets = [one.to for one in model.fields if one.to]
        if model.label in own:
            targets += [one.to for one in model.many if one.is_own_table]
        for label in targets:
            if label in by_label and label not in found:
                found.add(label)
                waiting.append(label)
    return _in_order([by_label[label] for label in sorted(found)], by_label)


def _in_order(wanted: list[ModelFacts], by_label: dict[str, ModelFacts]) -> list[ModelFacts]:
    """Let what others refer to stand before them, as far as there are no circles."""
    ordered: list[ModelFacts] = []
    entered: set[str] = set()

    def enter(model: ModelFacts) -> None:
        if model.label in entered or model not in wanted:
            return
        entered.add(model.label)
        for label in (*(one.to for one in model.fields), *(one.to for one in model.many)):
            if label in by_label:
                enter(by_label[label])
        ordered.append(model)

    for model in wanted:
        enter(model)
    return ordered


def _name(model: ModelFacts, own: set[str], wanted: Sequence[ModelFacts]) -> str:
    same = [one for one in wanted if one.name == model.name]
    if model.label in own and len([one for one in same if one.label in own]) == 1:
        return model.name
    return "".join(word.capitalize() for word in model.app.split("_")) + model.name


class _Maker:
    def __init__(
        self,
        by_label: dict[str, ModelFacts],
        names: dict[str, str],
        written: Written,
        engine: str,
        uses_zones: bool,
    ) -> None:
        self.imports = Imports()
        self.tables: list[str] = []
        self._by_label, self._names, self._written = by_label, names, written
        self._engine, self._uses_zones = engine, uses_zones

    def model(self, model: ModelFacts) -> str:
        key = next((one for one in model.fields if one.is_key), None)
        has_plain_key = key is not None and key.column == "id" and key.kind in _LARGE
        has_plain_key = has_plain_key or (
            key is not None and key.column == "id" and key.kind == "AutoField"
        )
        base = self.imports.add("trivet.db", "Model" if has_plain_key else "BareModel")
        lines = [f'__tablename__ = "{model.table}"']
        if model.unique:
            self.imports.add("sqlalchemy", "UniqueConstraint")
            columns = {one.name: one.column for one in model.fields}
            listed = [
                f"UniqueConstraint({', '.join(repr(columns[name]) for name in names)})"
                for names in model.unique
            ]
            lines.append(f"__table_args__ = ({', '.join(listed)},)".replace("'", '"'))
        lines.append("")
        used: set[str] = set()
        relations: list[str] = []
        for one in model.fields:
            if has_plain_key and one is key:
                continue
            name = self._attribute(one.attribute, used)
            lines.append(self._field(model, one, name))
            if one.to in self._names:
                relations.append(self._relation(model, one, name, used))
        for many in model.many:
            relations += self._many(model, many, used)
        body = "\n".join(f"    {line}" if line else "" for line in [*lines, *relations])
        where = f"{model.app}.{model.name}"
        return f'class {self._names[model.label]}({base}):\n    """{where}."""\n\n{body}'

    def _attribute(self, name: str, used: set[str]) -> str:
        found = f"{name}_" if name in _TAKEN else name
        used.add(found)
        return found

    def _field(self, model: ModelFacts, one: Field, name: str) -> str:
        python, kind = self._type(model, one)
        parts = [kind] if kind else []
        if one.to is not None and one.to in self._names:
            self.imports.add("trivet.db", "ForeignKey")
            table = self._by_label[one.to].table
            parts.append(f'ForeignKey("{table}.{one.to_column}")')
        if name != one.column:
            parts.append(f'name="{one.column}"')
        if one.value_kind in _TEXTS and one.max_length:
            parts.append(f"max_length={one.max_length}")
        if one.is_key:
            parts.append("primary_key=True")
        elif one.is_unique:
            parts.append("unique=True")
        elif one.is_indexed:
            parts.append("index=True")
        if is_secret(one.column):
            parts.append('info={"private": True}')
        parts += self._defaults(model, one)
        optional = " | None" if one.is_null else ""
        if not parts:
            return f"{name}: Mapped[{python}{optional}]"
        self.imports.add("trivet.db", "field")
        return _call(f"{name}: Mapped[{python}{optional}] = field", parts)

    def _type(self, model: ModelFacts, one: Field) -> tuple[str, str]:
        """Give the Python type of a field, and the column's where that does not say it."""
        kind, add = one.value_kind, self.imports.add
        if kind in _INTEGERS:
            return "int", add("sqlalchemy", _INTEGERS[kind])
        if kind in _LARGE or (kind == "DurationField" and self._engine != "postgresql"):
            return "int", ""  # a duration: microseconds
        if kind in _TEXTS or kind in _PLAIN:
            return _PLAIN.get(kind, "str"), ""
        if kind in _MODULES:
            python, module = _MODULES[kind]
            return add(module, python), ""
        if kind == "DecimalField":
            add("sqlalchemy", "Numeric")
            return add("decimal", "Decimal"), f"Numeric({one.digits}, {one.places})"
        if kind == "DateTimeField":
            plain = "" if self._uses_zones else add("sqlalchemy", "DateTime")
            return add("datetime", "datetime"), plain
        if kind == "DurationField":
            return add("datetime", "timedelta"), ""
        if kind == "JSONField":
            add("trivet.db", "Json")
            return add("typing", "Any"), "Json()"
        if kind == "GenericIPAddressField" and self._engine != "postgresql":
            return "str", ""
        self._written.lost.append(
            (model, f"{one.name} is a {kind}, of which its type is not known", "write its type")
        )
        return add("typing", "Any"), add("sqlalchemy", "Text")

    def _defaults(self, model: ModelFacts, one: Field) -> list[str]:
        if one.factory is None:
            if one.default is None or one.is_key:
                return []
            text = repr(one.default)
            if one.value_kind == "DecimalField":
                text = f'Decimal("{one.default}")'
            return ["default=" + (text.replace("'", '"') if '"' not in text else text)]
        if one.factory == "now":
            return self._moments(one)
        if one.factory == "uuid4":
            return [f"default_factory={self.imports.add('uuid', 'uuid4')}"]
        if one.factory in ("dict", "list"):
            return [f"default_factory={one.factory}"]
        what = f"{one.name} has the default {one.factory.removeprefix('?')}"
        self._written.lost.append((model, what, "default_factory=… in trivet_models.py"))
        return []

    def _moments(self, one: Field) -> list[str]:
        if one.value_kind != "DateTimeField" or not self._uses_zones:
            return []
        self.imports.add("datetime", "UTC")
        found = ["default_factory=lambda: datetime.now(UTC)"]
        return [*found, "onupdate=lambda: datetime.now(UTC)"] if one.is_touched else found

    # -- relations -------------------------------------------------------------------------------

    def _relation(self, model: ModelFacts, one: Field, column: str, used: set[str]) -> str:
        name = self._attribute(one.name, used) if one.name not in used else f"{one.name}_row"
        assert one.to is not None, "it is a relation"
        self.imports.add("trivet.db", "relationship")
        options = [f"foreign_keys=[{column}]"]
        if one.to == model.label:
            options.append(f'remote_side="{self._names[one.to]}.{one.to_column}"')
        optional = " | None" if one.is_null else ""
        target = self._names[one.to]
        return _call(f"{name}: Mapped[{target}{optional}] = relationship", options)

    def _many(self, model: ModelFacts, many: Many, used: set[str]) -> list[str]:
        if not many.is_own_table or many.to not in self._names or model.label == many.to:
            if many.to in self._names:
                what = f"{many.name} goes through a model or to its own table"
                mend = "relationship(secondary=…, primaryjoin=…)"
                self._written.lost.append((model, what, mend))
            return []
        keys = [
            (column, self._by_label[label])
            for column, label in ((many.from_column, model.label), (many.to_column, many.to))
        ]
        self.imports.add("sqlalchemy", "Table")
        self.imports.add("sqlalchemy", "Column")
        self.imports.add("sqlalchemy", "BigInteger")
        self.imports.add("trivet.db", "ForeignKey")
        base = self.imports.add("trivet.db", "BareModel")
        lines = [
            f'    Column("{column}", ForeignKey("{one.table}.{_key(one)}"), nullable=False),'
            for column, one in keys
        ]
        self.tables.append(
            "\n".join(
                [
                    f"{many.table} = Table(",
                    f'    "{many.table}",',
                    f"    {base}.metadata,",
                    '    Column("id", BigInteger, primary_key=True),',
                    *lines,
                    ")",
                ]
            )
        )
        self.imports.add("trivet.db", "relationship")
        name = self._attribute(many.name, used)
        head = f"{name}: Mapped[list[{self._names[many.to]}]] = relationship"
        return [_call(head, [f"secondary={many.table}"])]


def _key(model: ModelFacts) -> str:
    return next((one.column for one in model.fields if one.is_key), "id")


def _call(head: str, parts: list[str]) -> str:
    line = f"{head}({', '.join(parts)})"
    if len(line) <= _WIDTH:
        return line
    inside = "".join(f"        {part},\n" for part in parts)
    return f"{head}(\n{inside}    )"
