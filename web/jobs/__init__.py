"""Long work: put into the queue with the caller's transaction, done by a worker, told as it goes on."""

from web.jobs.queue import cancel, enqueue, retry, waiting_before
from web.jobs.registry import Outcome, job
from web.jobs.telling import Tell
from web.jobs.words import Words, told

__all__ = ["Outcome", "Tell", "Words", "cancel", "enqueue", "job", "retry", "told", "waiting_before"]
