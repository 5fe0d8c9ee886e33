"""Which plans' visits count as made or expected, for whoever looks back, and of which plans a shift is."""

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

PARTS = """WITH RECURSIVE part AS (
               SELECT p.id AS plan_id, p.id AS part_id, CAST('infinity' AS timestamptz) AS until,
                      CAST('[]' AS jsonb) AS not_made, p.parameters -> 'goes_on' AS goes_on
               FROM plan p WHERE p.id = ANY(:plans)
               UNION ALL
               SELECT part.plan_id, before.id,
                      LEAST(part.until, CAST(part.goes_on ->> 'now' AS timestamptz)),
                      COALESCE(part.goes_on -> 'not_made', '[]'), before.parameters -> 'goes_on'
               FROM part JOIN plan before ON before.id = CAST(part.goes_on ->> 'plan' AS bigint))"""
"""SQL to begin a query with: the plans of `:plans` (plan_id), each with itself and those that it goes on from
(part_id), and until when the visits of that part were made; not_made are those, as [team, stop], of which
somebody said that they were not. A plan that is not stored any more ends the row."""
