"""The errors of a page, and what it asks of other hosts."""

from playwright.sync_api import ConsoleMessage, Page, Request


def listen(page: Page) -> list[str]:
    """Return a list to which the page adds each error and each request to another host."""
    faults: list[str] = []

    def take(message: ConsoleMessage) -> None:
        if message.type == "error":
            faults.append(message.text)

    def check(request: Request) -> None:
        if request.url.startswith("http") and "://127.0.0.1:" not in request.url:
            faults.append(request.url)

    page.on("console", take)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("request", check)
    page.on("requestfailed", lambda request: faults.append(f"failed: {request.url}"))
    return faults
