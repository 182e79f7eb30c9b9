"""The pages `/docs` and `/redoc` without a network: their scripts come from a Python package."""

from importlib.resources import as_file, files

from fastapi import FastAPI, HTTPException
from fastapi.openapi.docs import get_redoc_html, get_swagger_ui_html
from fastapi.responses import FileResponse, HTMLResponse

from .edge import link

ASSETS = {"swagger-ui-bundle.js", "swagger-ui.css", "redoc.standalone.js", "favicon.png"}


def serve_docs(app: FastAPI) -> None:
    """Take the place of FastAPI's own pages, which load their scripts from another server."""
    pages = {app.docs_url, app.redoc_url}
    app.router.routes[:] = [
        each for each in app.router.routes if getattr(each, "path", None) not in pages
    ]

    @app.get("/docs", include_in_schema=False)
    async def show_swagger() -> HTMLResponse:
        return get_swagger_ui_html(
            openapi_url=link("/openapi.json"),
            title=app.title,
            swagger_js_url=link("/docs/swagger-ui-bundle.js"),
            swagger_css_url=link("/docs/swagger-ui.css"),
            swagger_favicon_url=link("/docs/favicon.png"),
        )

    @app.get("/redoc", include_in_schema=False)
    async def show_redoc() -> HTMLResponse:
        return get_redoc_html(
            openapi_url=link("/openapi.json"),
            title=app.title,
            redoc_js_url=link("/docs/redoc.standalone.js"),
            redoc_favicon_url=link("/docs/favicon.png"),
            with_google_fonts=False,
        )

    @app.get("/docs/{name}", include_in_schema=False)
    def read_asset(name: str) -> FileResponse:
        if name not in ASSETS:
            raise HTTPException(404, f"no file {name[:80]!r}")
        with as_file(files("fastapi_offline") / "static" / name) as path:
            return FileResponse(path, headers={"cache-control": "max-age=3600"})
