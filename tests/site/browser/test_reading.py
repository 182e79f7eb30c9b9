"""Search finds what readers ask for, one choice of a tab is kept, a folder needs no server."""

from pathlib import Path

from playwright.sync_api import Page

from .listening import listen

QUESTIONS = {
    "API freezes": "symptoms",
    "task ran twice": "symptoms",
    "cancel": "recipes/control",
    "visibility timeout": "glossary",
    "outbox": "recipes/once",
    "restart": "understand/stopping",
    "frozen": "understand/loop_threads_processes",
    # Lines of a log, as somebody pastes them.
    "Task was destroyed but it is pending": "symptoms",
    "Received unregistered task of type": "symptoms",
    "I/O operation on closed file": "symptoms",
    "attached to a different loop": "symptoms",
    "QueuePool limit of size 5 overflow 10 reached": "symptoms",
    "coroutine was never awaited": "symptoms",
    "Waiting for background tasks to complete": "symptoms",
    "Error 111 connecting to localhost:6379": "symptoms",
    "WORKER TIMEOUT": "symptoms",
    "'<' not supported between instances of 'Task' and 'Task'": "symptoms",
    "Last-Event-ID": "recipes/progress",
    "X-Request-ID": "recipes/request_id",
    "KillMode": "deploying",
}


def test_search_finds_the_pages(searching_page: Page, address: str) -> None:
    searching_page.goto(address)

    found = {question: search(searching_page, question) for question in QUESTIONS}

    for question, page in QUESTIONS.items():
        assert page in found[question], question


def search(page: Page, question: str) -> str:
    """Paste a question; return the addresses of the first results, and leave no question behind."""
    page.locator("[data-md-component=search-query]").click()
    page.keyboard.insert_text(question)  # pasted: each key would search once
    page.keyboard.press("End")
    links = page.locator(".md-search-result__item > a.md-search-result__link")
    links.first.wait_for(state="attached", timeout=90_000)  # a busy machine reads the index
    found = links.evaluate_all("links => links.slice(0, 5).map(link => link.pathname).join(' ')")
    page.keyboard.press("Control+A")
    page.keyboard.press("Delete")
    links.first.wait_for(state="detached")
    return str(found)


def test_one_choice_of_a_tab_is_followed_by_every_page(page: Page, address: str) -> None:
    page.goto(f"{address}recipes/request_id/")

    page.locator(".tabbed-labels label", has_text="3 Celery").first.click()
    here = shown_titles(page)
    page.goto(f"{address}recipes/progress/")
    there = shown_titles(page)

    for shown in (here, there):
        assert any(title.startswith("03_celery/") for title in shown)
        assert not any(title.startswith(("01_", "02_")) for title in shown)


def shown_titles(page: Page) -> list[str]:
    titles = page.locator(".tabbed-block .filename:visible")
    return titles.all_inner_texts()


def test_site_opens_from_a_folder_and_is_searched_there(
    searching_page: Page, folder_site: Path
) -> None:
    page = searching_page
    heard = listen(page)
    page.goto((folder_site / "index.html").as_uri())

    found = search(page, "outbox")
    page.keyboard.press("Escape")
    page.get_by_role("link", name="Choose", exact=True).first.click()

    assert "recipes/once.html" in found
    assert page.title().startswith("Choose")
    assert not heard
