"""Tell the receiver of the webhook about a picture."""

import json
import time

from scenarios.contract import JSONDict
from scenarios.settings import get_settings

from .service import call
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
    headers = {
        "content-type": "application/json",
        "webhook-id": task_id,
        "webhook-timestamp": sent_at,
    }
    if settings.webhook_secret:
        headers["webhook-signature"] = sign(settings.webhook_secret, task_id, sent_at, content)
    call("the webhook", "POST", settings.webhook_url, content=content, headers=headers)
