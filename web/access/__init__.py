"""Who may do what, and how they show who they are.

`roles` is the table; `rules` ties views to it; `identity` is what one request knows of somebody;
`accounts`, `signing` and `tokens` are the use cases around them.
"""

from web.access.identity import Access, Person
from web.access.roles import MAY, Action, Role
from web.access.rules import PUBLIC, by_token_only, needs

__all__ = ["MAY", "PUBLIC", "Access", "Action", "Person", "Role", "by_token_only", "needs"]
