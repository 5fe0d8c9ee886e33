"""Which plans' visits count as made or expected, for whoever looks back."""

COUNTED = """SELECT o.id AS plan_id, CAST('infinity' AS timestamptz) AS until
             FROM plan o WHERE o.status = 'published' OR o.id = ANY(:drafts)
             UNION ALL
             SELECT s.plan_id, CAST(other.parameters -> 'goes_on' ->> 'now' AS timestamptz)
             FROM plan_step s JOIN plan own ON own.id = s.plan_id AND own.status = 'draft'
                  JOIN plan other ON other.id = s.by_plan_id AND other.parameters -> 'goes_on' IS NOT NULL
             WHERE s.step = 'replaced'
                   AND s.id = (SELECT max(newer.id) FROM plan_step newer WHERE newer.plan_id = s.plan_id)"""
"""SQL: plan_id, and until when its visits count. Published plans and those in `:drafts`, to their ends; a
plan in whose place another one was published in the middle of its shift, until that one goes on."""
