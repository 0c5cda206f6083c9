"""Every tool, declared by being imported."""

from backend.copilot import desk_tools as desk_tools
from backend.copilot import finance_tools as finance_tools
from backend.copilot import knowledge_tools as knowledge_tools
from backend.copilot import playbook_tools as playbook_tools
from backend.copilot import rule_tools as rule_tools
from backend.copilot.tool import TOOLS as TOOLS
