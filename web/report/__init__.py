"""The report of a week in words: one content, told as a page, on paper (PDF) and in a workbook (XLSX)."""
