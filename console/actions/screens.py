"""The names of screens, and the sets of them that share actions."""

QUEUE, INCIDENCE, ESCALATIONS, ALERTS = "queue", "incidence", "escalations", "alerts"
FLOOR = "floor"
DESK = (QUEUE, INCIDENCE)
CASES = (*DESK, ESCALATIONS)
ANALYTICS, ROWS = "analytics", "rows"
FINANCE = "finance"
COPILOT, CONVERSATIONS = "copilot", "conversations"
CUSTOMERS, CUSTOMER = "customers", "customer"
CAUSES = "causes"
INTERVENTIONS = "interventions"
RETENTION, FLOW, FLOW_YAML, FLOW_TRIAL, FLOW_VERSIONS = "retention", "flow", "flow_yaml", "flow_trial", "flow_versions"
BEHIND = "runs_behind"
PLAYBOOKS, PLAYBOOK_YAML, CANDIDATES = "playbooks", "playbook_yaml", "playbook_candidates"
YAMLS = (FLOW_YAML, PLAYBOOK_YAML)
TABBED = (*CASES, ALERTS, ANALYTICS, RETENTION, CUSTOMER, FINANCE, PLAYBOOKS, INTERVENTIONS)
LISTS = (*TABBED, ROWS, BEHIND, CUSTOMERS, COPILOT)
MACROS, MACRO_TEXT = "macros", "macro_text"
INTEGRATIONS, INTEGRATION_FORM, MAPPING_TEXT = "integrations", "integration_form", "mapping_text"
INTEGRATION_LOG, IMPORTS, IMPORT = "integration_log", "imports", "import"
SETTINGS = "settings"
JOBS, DELIVERY = "jobs", "delivery"
PEOPLE, ACCOUNT = "people", "account"
RULES, RULE_SET, RULE, TRIAL, VERSIONS, RAW = "rules", "rule_set", "rule", "trial", "versions", "raw_rules"
DRAFTING = (RULE_SET, RULE)
OUTLINES = (
    RULES,
    *DRAFTING,
    TRIAL,
    VERSIONS,
    FLOW,
    FLOW_TRIAL,
    FLOW_VERSIONS,
    MACROS,
    INTEGRATIONS,
    INTEGRATION_FORM,
    INTEGRATION_LOG,
    IMPORTS,
    IMPORT,
    CANDIDATES,
    JOBS,
    DELIVERY,
    PEOPLE,
    ACCOUNT,
    CONVERSATIONS,
    CAUSES,
    SETTINGS,
)
