"""What Retention answers."""

from backend.retention.embed_router import router as embed_router
from backend.retention.figure_router import router as figure_router
from backend.retention.flow_router import router as flow_router
from backend.retention.run_router import router as run_router
from backend.unit import Router

router = Router(tags=["retention"])
router.take_in(flow_router)
router.take_in(embed_router)
router.take_in(run_router)
router.take_in(figure_router)
