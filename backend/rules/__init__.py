"""The rule machine: when, if, then.

One machine serves every kind of rule set (friction, notification, routing, escalation, cx, flow, risk, readiness,
recommendation). A kind declares its facts, settings and actions; a document holds the rules as data; the engine
compiles a document once and answers with what fired and why.
"""
