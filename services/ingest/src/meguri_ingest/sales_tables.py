"""Sales as tables: Meguri's own CSV, and the list of transactions of スマレジ's back office. Pure."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from typing import TYPE_CHECKING

from meguri_proto.payments import PaymentMethod
from meguri_proto.reasons import RejectReason

from meguri_ingest.bodies import TooLargeError, UnreadableError
from meguri_ingest.fields import FieldError, Fields
from meguri_ingest.sales import REQUIRED, add_sale, read_sale
from meguri_ingest.verdicts import Refusal, Verdicts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from meguri_proto.schema.sales_pb2 import Sale

    from meguri_ingest.sales import TillStanding

_SMAREGI_REQUIRED = ("取引ID", "取引日時", "合計")
_SMAREGI_SALE = ("1", "通常", "通常(販売)")
"""Of the column 取引区分; what is not a sale is money or points put in or taken out."""
_SMAREGI_CANCELLED = {"": "0", "0": "0", "通常": "0", "1": "1", "取消": "1"}
_SMAREGI_PAYMENT = re.compile(r"内(.+?)支払金額")
_PAYMENT_NAMES: tuple[tuple[PaymentMethod, re.Pattern[str]], ...] = tuple(
    (method, re.compile(pattern))
    for method, pattern in (
        (PaymentMethod.CASH, "現金"),
        (PaymentMethod.DEBIT, "デビット|debit"),
        (PaymentMethod.EMONEY_TRANSIT, "交通系|suica|pasmo|icoca"),
        (
            PaymentMethod.CODE_PAYMENT,
            "qr|コード|paypay|d払い|ペイ$|au ?pay|line ?pay|alipay|wechat",
        ),
        (PaymentMethod.EMONEY_OTHER, "電子マネー|quicpay|^id$|nanaco|waon|edy"),
        (PaymentMethod.VOUCHER, "商品券|ギフト|クーポン|金券|quo|voucher"),
        (PaymentMethod.CREDIT, "クレジット|カード|credit"),
        (PaymentMethod.RECEIVABLE, "売掛|掛売|請求"),
    )
)
"""How merchants name the methods that スマレジ lets them define, in lower case; the first that is found."""


def judge_own_table(table: bytes, standing: TillStanding, max_rows: int) -> Verdicts[Sale]:
    """Judge the sales of a CSV with the columns of `meguri_ingest.sales.COLUMNS`, in any order.

    Raises:
        UnreadableError: no table, or a column is missing.
        TooLargeError: more than `max_rows` rows.
    """
    return _judge(table, standing, max_rows, REQUIRED, lambda row: row)


def judge_smaregi_table(table: bytes, standing: TillStanding, max_rows: int) -> Verdicts[Sale]:
    """Judge the transactions of スマレジ's back office: 取引履歴 as CSV, as the shop switched its columns on.

    Transactions other than sales are ignored. Of several methods the one that paid most is the sale's; a
    cancelled transaction is version 2 of the sale, any other version 1. What 会員 columns hold is not read.

    Raises:
        UnreadableError: no table, or a column is missing.
        TooLargeError: more than `max_rows` rows.
    """
    return _judge(table, standing, max_rows, _SMAREGI_REQUIRED, _from_smaregi)


def _judge(
    table: bytes,
    standing: TillStanding,
    max_rows: int,
    required: tuple[str, ...],
    own: Callable[[Mapping[str, str]], Mapping[str, str] | None],
) -> Verdicts[Sale]:
    """Judge each row, as `own` translates its cells into a till's own columns; None is no sale."""
    verdicts: Verdicts[Sale] = Verdicts()
    ignored = 0
    for index, (line, row) in enumerate(_rows(table, required)):
        if index >= max_rows:
            raise TooLargeError(
                f"The table has more than {max_rows} rows, which is what one request may have."
            )
        item = f"sales[{index}]"
        try:
            fields = own(_whole(row))
            if fields is None:
                ignored += 1
                continue
            sale = read_sale(Fields(fields), standing)
        except FieldError as error:
            verdicts.rejected.append(Refusal(item, RejectReason.BAD_FIELD, f"Line {line}: {error}"))
            continue
        add_sale(verdicts, item, sale, standing)
    return Verdicts(verdicts.accepted, verdicts.rejected, ignored)


def _rows(table: bytes, required: tuple[str, ...]) -> Iterator[tuple[int, Mapping[str, str] | None]]:
    """The line on which each row ends, and its cells by column; None for a row that is too long."""
    reader = csv.reader(io.StringIO(_text(table), newline=""), strict=True)
    try:
        header = [name.strip() for name in next(reader, [])]
        missing = [name for name in required if name not in header]
        if missing:
            raise UnreadableError(f"The table's first line lacks {', '.join(missing)}.")
        for row in reader:
            if any(cell.strip() for cell in row):
                yield (
                    reader.line_num,
                    None if len(row) > len(header) else dict(zip(header, row, strict=False)),
                )
    except csv.Error:
        raise UnreadableError(f"The table cannot be read from line {reader.line_num} on.") from None


def _whole(row: Mapping[str, str] | None) -> Mapping[str, str]:
    if row is None:
        raise FieldError("The row has more cells than the first line names.")
    return row


def _text(table: bytes) -> str:
    for encoding in ("utf-8-sig", "cp932"):
        try:
            return table.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise UnreadableError("The table is neither UTF-8 nor CP932 (Shift_JIS).")


def _from_smaregi(row: Mapping[str, str]) -> Mapping[str, str] | None:
    """The row in a till's own columns; None if the transaction is no sale."""
    if row.get("取引区分", "1").strip() not in _SMAREGI_SALE:
        return None
    cancelled = _SMAREGI_CANCELLED.get(row.get("取消区分", "").strip())
    if cancelled is None:
        raise FieldError("取消区分 is to be 0 or 1.")
    return {
        "external_id": row["取引ID"],
        "version": "2" if cancelled == "1" else "1",
        "at": row["取引日時"],
        "amount_yen": row["合計"],
        "tax_yen": row.get("内消費税", ""),
        "method": _smaregi_method(row),
        "cancelled": cancelled,
    }


def _smaregi_method(row: Mapping[str, str]) -> PaymentMethod:
    """The method that paid most of the sale."""
    paid: dict[PaymentMethod, int] = {}
    for column, cell in row.items():
        name = _SMAREGI_PAYMENT.fullmatch(column)
        if name and cell.strip():
            yen = Fields(row).whole(column, -(10**9), 10**9)
            method = payment_method(name[1])
            paid[method] = paid.get(method, 0) + yen
    most = max(paid, key=lambda method: paid[method], default=PaymentMethod.OTHER)
    return most if paid.get(most) else PaymentMethod.OTHER


def payment_method(name: str) -> PaymentMethod:
    """The method that a merchant's name of it stands for; `other` where nothing is found in it."""
    plain = unicodedata.normalize("NFKC", name).casefold()
    return next((method for method, pattern in _PAYMENT_NAMES if pattern.search(plain)), PaymentMethod.OTHER)
