"""The blocks of a page: one module a question.

A block module has

- its queries: files in `queries/`, one question each, with a golden result and an empty case in `tests/sql/`;
- `read(store, asked) -> Figures | None`: asks them about `asked.period` (blocking; raises StoreError) and
  keeps of the rows only what may be shown: suppression happens here, an exact count never leaves the module.
  Complete days (`asked.complete`) are read from the tables `day_*`, running ones (`asked.running`) from
  `visits` and `moves`. None where the town's file has nothing of the kind;
- its own class of figures, frozen, with `block(words) -> Block`: the figures as sentences, charts, tables and
  definition in one language (`words` says values and the town's names), or as an empty state;
- its texts: `messages/{language}/{module}.yaml`, keys beginning with the block's name;
- its drawings: `drawings.columns` (over the period's slots) and `drawings.bars` (by category) serve all.

`meguri_dashboard.page` lists the blocks of each page in its order. Figures with `measures(words)` are in the
page's table for programs (`meguri_dashboard.measures`).
"""
