"""Papers (PDF) with Chinese and English text, written by hand: pages, text in an embedded font, pictures."""
