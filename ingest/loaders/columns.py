"""Columns: which fields of a record are its title, its text and its imprint."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

Names = str | tuple[str, ...]
"""One name of a column, or several: the first that a record has, or all of them for the text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnMap:
    """Names the columns of a table or a collection of records.

    Of several names the first that a record has is taken; of `text` all that it has, each under its
    name as heading when there are more than one. Without any text column, all columns that are not
    named otherwise are the text: a record of attributes.
    """

    id: Names = ("id", "_id", "uuid", "guid", "编号", "編號")
    title: Names = ("title", "name", "headline", "标题", "標題", "名称", "名稱", "药品名称", "藥品成分")
    text: Names = ("text", "body", "content", "full_text", "abstract", "summary", "正文", "内容", "內容")
    language: Names = ("language", "lang", "语言", "語言")
    url: Names = ("url", "link", "uri", "网址", "網址")
    publisher: Names = ("publisher", "source", "journal", "发布机构", "發布機關")
    published_on: Names = ("published_on", "published", "date", "publication_date", "发布日期", "發布日期")
    reviewed_on: Names = ("reviewed_on", "reviewed", "updated", "last_updated", "last_reviewed", "更新日期")
    license: Names = ("license", "licence", "rights", "许可")

    def names(self, field: str) -> tuple[str, ...]:
        """The names of a field, always as a tuple."""
        value: Names = getattr(self, field)
        return (value,) if isinstance(value, str) else tuple(value)

    def first(self, record: Mapping[str, Any], field: str) -> Any:
        """The value of the first of a field's columns that is not empty; None when all are."""
        return next((record[name] for name in self.names(field) if record.get(name) not in (None, "")), None)

    def texts(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """The text columns of a record, in the order of the record where none is named."""
        named = {name: record[name] for name in self.names("text") if record.get(name)}
        if named:
            return named
        taken = {name for field in fields(self) for name in self.names(field.name)}
        return {
            name: value for name, value in record.items() if name not in taken and value not in (None, "", [])
        }
