"""Writing: how every loader puts words, lists and tables into a document's text."""
