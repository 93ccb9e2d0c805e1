"""Fields for where on the plan a thing is."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import FloatField, SelectField
from wtforms.fields import Field
from wtforms.form import BaseForm
from wtforms.validators import InputRequired, NumberRange, Optional

from dashboard.pages.floor_views import FloorView
from gateway.store import Record

MOST_M = 500


def _with_floor(form: BaseForm, field: Field) -> None:
    """Needed when a floor is chosen."""
    (InputRequired() if form["floor"].data else Optional())(form, field)


class SpotFields:
    """To be mixed into a form."""

    floor = SelectField(_l("Floor"), validate_choice=False)
    x_m = FloatField(_l("Metres from the left edge"), [_with_floor, NumberRange(0, MOST_M)])
    y_m = FloatField(_l("Metres from the top edge"), [_with_floor, NumberRange(0, MOST_M)])

    # To be touched beside the fields; set by offer_floors.
    floors: tuple[FloorView, ...] = ()

    def offer_floors(self, floors: tuple[FloorView, ...]) -> None:
        self.floors = floors
        self.floor.choices = [("", _("Not on the plan")), *((one.id, one.name) for one in floors)]

    def spot(self) -> dict[str, Any] | None:
        """As the plan of a point or resource has it."""
        if not self.floor.data:
            return None
        return {"floor": self.floor.data, "x_m": self.x_m.data, "y_m": self.y_m.data}


def spot_values(record: Record) -> dict[str, Any]:
    """What the fields show of a point or resource."""
    spot = record.body.spot
    return {"floor": spot.floor, "x_m": spot.x_m, "y_m": spot.y_m} if spot else {}


def spot_place(path: str) -> str | None:
    """The field for a path of the body; None for what is not about the spot."""
    head, _dot, rest = path.partition(".")
    return (rest or "floor") if head == "spot" else None
