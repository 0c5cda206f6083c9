"""What Retention answers."""

from backend.retention.flow_router import router as flow_router
from backend.unit import Router

router = Router(tags=["retention"])
router.take_in(flow_router)
