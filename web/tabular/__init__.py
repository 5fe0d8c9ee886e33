"""The server's side of tables: what one is, a page of it, all of it as a file. `view` joins it to Flask."""

from web.tabular.export import Export, export_table
from web.tabular.query import Problem, TablePage, read_table
from web.tabular.spec import Column, TableSpec

__all__ = ["Column", "Export", "Problem", "TablePage", "TableSpec", "export_table", "read_table"]
