"""Tell the receiver of the webhook about a picture."""

import json
import time

import httpx

from .contract import JSONDict
from .errors import TransientError, WorkError
from .settings import get_settings
from .signature import sign


def send_webhook(task_id: str, facts: JSONDict) -> None:
    """Post the facts to WEBHOOK_URL, signed as Standard Webhooks asks; no URL: nothing to do.

    A crash can send it twice: the receiver knows the second one by the same `webhook-id`.
    """
    settings = get_settings()
    if not settings.webhook_url:
        return
    content = json.dumps({"task_id": task_id, **facts}).encode()
    sent_at = str(int(time.time()))
    headers = {"webhook-id": task_id, "webhook-timestamp": sent_at}
    if settings.webhook_secret:
        signature = sign(settings.webhook_secret, task_id, sent_at, content)
        headers["webhook-signature"] = signature
    try:
        answer = httpx.post(
            settings.webhook_url, content=content, headers=headers, timeout=settings.call_timeout_s
        )
    except httpx.HTTPError as error:
        raise TransientError(f"the webhook did not answer: {error}") from error
    if answer.is_server_error:
        raise TransientError(f"the webhook answered {answer.status_code}")
    if not answer.is_success:
        raise WorkError(f"the webhook refused the picture: {answer.status_code}")
