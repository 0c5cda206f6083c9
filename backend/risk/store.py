"""The models of a business, version by version: which one predicts, what each was worth, and how to go back.

What is kept is data: how columns are scaled, weights or the nodes of trees, and the report. Nothing in it can run, and
none comes from outside.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from backend.core.errors import Conflict, NotFound, StaleVersion
from backend.identity.models import Business
from backend.risk.events import ModelPutBack, ModelTrained
from backend.risk.models import ChurnModel
from backend.risk.schemas import ModelPut, ModelRead
from backend.work import Work

if TYPE_CHECKING:
    from backend.risk.learning.model import Model

_LOADED_AT_MOST = 32
_loaded: dict[str, "Model"] = {}  # by id: a version never changes


def active(work: Work, target: str) -> ChurnModel | None:
    """The model in force for a target; None when the rules are."""
    query = select(ChurnModel).where(
        ChurnModel.business_id == work.business_id, ChurnModel.target == target, ChurnModel.is_active
    )
    return work.session.scalars(query).first()


def loaded(id: str, data: Mapping[str, Any]) -> "Model":
    """A model ready to predict."""
    from backend.risk.learning.model import Model

    if id not in _loaded:
        if len(_loaded) >= _LOADED_AT_MOST:
            _loaded.clear()
        _loaded[id] = Model.of_data(data)
    return _loaded[id]


def keep(
    work: Work, target: str, model: dict[str, Any] | None, report: dict[str, Any], *, is_better: bool, why: str
) -> ModelRead:
    """Keep what was learned as the next version; it predicts from now on when it `is_better` and is a model at all."""
    _hold(work)
    before = active(work, target)
    row = work.add(
        ChurnModel(
            target=target,
            number=_next_number(work, target),
            kind="rules" if model is None else str(model["kind"]),
            is_active=False,
            why=why,
            model=model,
            report=report,
            trained_at=work.now,
        )
    )
    if is_better and model is not None:
        if before is not None:
            before.is_active = False
            work.session.flush()
        row.is_active, row.activated_at = True, work.now
        work.session.flush()
    told = read_of(row)
    work.emit(ModelTrained(subject_id=row.id, state=_state(told), data=_outline(told)))
    return told


def put_back(work: Work, target: str, body: ModelPut) -> ModelRead:
    """Let an earlier version predict again. `version` is the one in force as seen."""
    _hold(work)
    before = active(work, target)
    number = 0 if before is None else before.number
    if body.version != number:
        raise StaleVersion(
            f"Version {number} is in force; you saw {body.version}.",
            current=None if before is None else _state(read_of(before)),
            since=[],
        )
    query = select(ChurnModel).where(
        ChurnModel.business_id == work.business_id, ChurnModel.target == target, ChurnModel.number == body.to
    )
    row = work.session.scalars(query).one_or_none()
    if row is None:
        raise NotFound(f"There is no version {body.to} of the {target} model.", version=body.to)
    if row.model is None:
        raise Conflict(f"Version {body.to} holds no model: {row.why}.", code="NO_MODEL")
    if before is not None:
        before.is_active = False
        work.session.flush()
    row.is_active, row.activated_at = True, work.now
    work.session.flush()
    told = read_of(row)
    data = {**_outline(told), "before": number, "reason": body.reason}
    work.emit(ModelPutBack(subject_id=row.id, state=_state(told), data=data))
    return told


def list_models(work: Work) -> list[ModelRead]:
    """All versions of both targets, the latest first."""
    query = select(ChurnModel).where(ChurnModel.business_id == work.business_id)
    rows: Sequence[ChurnModel] = work.session.scalars(query.order_by(ChurnModel.id.desc()).limit(200)).all()
    return [read_of(row) for row in rows]


def note_drift(work: Work, drift: Mapping[str, dict[str, float]]) -> None:
    """Keep how far customers of now are from those that models in force were learned from, by target."""
    for target, found in drift.items():
        if (row := active(work, target)) is not None:
            row.drift, row.drift_at = {name: round(value, 4) for name, value in found.items()}, work.now
    work.session.flush()


def read_of(row: ChurnModel) -> ModelRead:
    """A version as it goes over the wire: without the weights, with its card."""
    return ModelRead.model_validate(row).model_copy(update={"card": card_of(row)})


def card_of(row: ChurnModel) -> str:
    """What somebody who uses the model must know of it (after Mitchell et al., Model Cards, 2019)."""
    report = row.report
    if row.kind == "rules":
        return f"Version {row.number} for leaving that is {row.target} holds no model: {row.why}."
    lines = [
        f"Version {row.number} for leaving that is {row.target}: {row.why}.",
        f"Learned on {row.trained_at:%Y-%m-%d} from {report['rows']:,} customer months, {report['events']:,} of which ended so.",
        "Says how likely a customer decides to leave within a month. It does not say who can be persuaded to stay, and no "
        "cause: what it names goes together with leaving.",
        "Knows nothing of cancellations asked for, discounts and what came later; names, addresses and words of customers "
        "are not in it.",
    ]
    if measures := report.get("measures"):
        lines.append(
            f"Judged by {report['validation']}: AUC {measures['auc']:.3f}, Brier {measures['brier']:.4f}, "
            f"calibration error {measures['ece']:.3f}, lift of the top tenth {measures['lift']:.1f}."
        )
    if row.drift:
        name, most = max(row.drift.items(), key=lambda one: one[1])
        lines.append(f"Customers have moved most in {name}: stability index {most:.2f} (above 0.25 is much).")
    return "\n".join(lines)


def _hold(work: Work) -> None:
    """Nobody else puts a model of this business in force until this unit ends."""
    query = select(Business.id).where(Business.id == work.business_id).with_for_update(key_share=True)
    work.session.execute(query)


def _next_number(work: Work, target: str) -> int:
    query = select(func.max(ChurnModel.number)).where(
        ChurnModel.business_id == work.business_id, ChurnModel.target == target
    )
    return int(work.session.scalar(query) or 0) + 1


def _state(told: ModelRead) -> dict[str, Any]:
    return told.model_dump(mode="json", by_alias=True)


def _outline(told: ModelRead) -> dict[str, Any]:
    return {
        "target": told.target,
        "number": told.number,
        "kind": told.kind,
        "isActive": told.is_active,
        "why": told.why,
    }
