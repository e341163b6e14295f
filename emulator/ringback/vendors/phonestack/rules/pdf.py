"""A report's result as a PDF."""

from __future__ import annotations

import io
from html import escape

from ringback.vendors.phonestack.rules.reports import cells
from ringback.vendors.phonestack.wire.responses import ReportResult

NOTHING = "(none)"
TITLES = {
    "campaign_id": "Campaign",
    "profile_id": "Profile",
    "cost_cents": "Cost (cents)",
    "talk_duration_seconds": "Talk (s)",
}


def as_pdf(result: ReportResult) -> bytes:
    """Return the rows of the CSV with a heading, the range of days and a line of totals. The same result always has the
    same bytes."""
    from reportlab.lib import colors
    from reportlab.lib.enums import TA_LEFT
    from reportlab.lib.pagesizes import A4, landscape
    from reportlab.lib.styles import ParagraphStyle, getSampleStyleSheet
    from reportlab.lib.units import mm
    from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

    styles = getSampleStyleSheet()
    span = f"{result.since or 'the beginning'} to {result.until or 'now'}"
    totals = [str(result.totals.get(column, "Total")) for column in result.columns]
    found = [[cell or NOTHING for cell in row] for row in cells(result)]
    rows = [[_title(column) for column in result.columns], *found, totals]
    grouped = len(result.columns) > len(result.totals)
    heading = ParagraphStyle("heading", parent=styles["Title"], alignment=TA_LEFT)
    table = Table(rows, repeatRows=1, hAlign="LEFT")
    table.setStyle(
        TableStyle(
            [
                ("FONTNAME", (0, 0), (-1, 0), "Helvetica-Bold"),
                ("FONTNAME", (0, -1), (-1, -1), "Helvetica-Bold"),
                ("FONTSIZE", (0, 0), (-1, -1), 8),
                ("BACKGROUND", (0, 0), (-1, 0), colors.HexColor("#1f2a44")),
                ("TEXTCOLOR", (0, 0), (-1, 0), colors.white),
                ("ROWBACKGROUNDS", (0, 1), (-1, -2), [colors.white, colors.HexColor("#f1f3f8")]),
                ("LINEABOVE", (0, -1), (-1, -1), 0.75, colors.HexColor("#1f2a44")),
                ("ALIGN", (1 if grouped else 0, 0), (-1, -1), "RIGHT"),
                ("LEFTPADDING", (0, 0), (-1, -1), 6),
                ("RIGHTPADDING", (0, 0), (-1, -1), 6),
            ]
        )
    )
    out = io.BytesIO()
    page = SimpleDocTemplate(
        out,
        pagesize=landscape(A4),
        leftMargin=18 * mm,
        rightMargin=18 * mm,
        topMargin=18 * mm,
        bottomMargin=16 * mm,
        title=result.name,
        author="Phone Stack",
        invariant=1,
    )
    page.build(
        [
            Paragraph(escape(result.name), heading),
            Paragraph(f"{result.date_range.replace('_', ' ').capitalize()}: {span}", styles["Normal"]),
            Paragraph(f"Generated {result.generated_at}", styles["Normal"]),
            Spacer(1, 6 * mm),
            table,
        ]
    )
    return out.getvalue()


def _title(column: str) -> str:
    return TITLES.get(column, column.replace("_", " ").capitalize())
