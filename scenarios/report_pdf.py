"""Draw the report: a title, a table of regions and a bar chart."""

import io
from decimal import Decimal
from html import escape

from reportlab.graphics.charts.barcharts import HorizontalBarChart
from reportlab.graphics.shapes import Drawing
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

MOST_ROWS = 12
ACCENT = colors.HexColor("#00796b")


def render_pdf(title: str, orders: int, total: Decimal, regions: dict[str, Decimal]) -> bytes:
    """Return the bytes of a PDF of A4 pages; amounts are written like 12,345.67."""
    shown = shorten(regions)
    styles = getSampleStyleSheet()
    buffer = io.BytesIO()
    story = [
        Paragraph(escape(title), styles["Title"]),
        Paragraph(f"{orders:,} orders, total {total:,.2f}", styles["Heading2"]),
        table(shown, total),
        Spacer(1, 24),
        chart(shown),
    ]
    SimpleDocTemplate(buffer, pagesize=A4, title=title, author="reports").build(story)
    return buffer.getvalue()


def shorten(regions: dict[str, Decimal]) -> dict[str, Decimal]:
    """Keep the largest regions and add the others up, so that any file fits one page."""
    largest = dict(list(regions.items())[:MOST_ROWS])
    rest = sum(list(regions.values())[MOST_ROWS:], Decimal())
    return largest | ({"all others": rest} if rest else {})


def table(regions: dict[str, Decimal], total: Decimal) -> Table:
    """Lay the amounts out, the total last."""
    rows = [[region[:60], f"{amount:,.2f}"] for region, amount in regions.items()]
    style = TableStyle(
        [
            ("ALIGN", (1, 0), (1, -1), "RIGHT"),
            ("BACKGROUND", (0, 0), (-1, 0), ACCENT),
            ("TEXTCOLOR", (0, 0), (-1, 0), colors.white),
            ("LINEABOVE", (0, -1), (-1, -1), 1, ACCENT),
            ("ROWBACKGROUNDS", (0, 1), (-1, -2), [colors.whitesmoke, colors.white]),
        ]
    )
    return Table([["Region", "Turnover"], *rows, ["Total", f"{total:,.2f}"]], style=style)


def chart(regions: dict[str, Decimal]) -> Drawing:
    """Draw a bar for each region, the largest on top."""
    drawing = Drawing(440, 24 * len(regions) + 30)
    bars = HorizontalBarChart()
    bars.x, bars.y, bars.width, bars.height = 120, 20, 310, 24 * len(regions)
    upwards = list(reversed(regions.items()))
    bars.data = [[float(amount) for _, amount in upwards]]
    bars.categoryAxis.categoryNames = [region[:20] for region, _ in upwards]
    bars.valueAxis.valueMin = 0
    bars.bars[0].fillColor = ACCENT
    drawing.add(bars)
    return drawing
