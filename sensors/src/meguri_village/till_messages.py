"""Sales in the shapes in which tills tell them: Square's webhooks, files of スマレジ and of Meguri, JSON."""

from __future__ import annotations

import base64
import csv
import hmac
import io
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable
    from zoneinfo import ZoneInfo

    from meguri_village.shops import Telling

_CARDS: Final = {"visa": "VISA", "mastercard": "MASTERCARD", "jcb": "JCB", "amex": "AMERICAN_EXPRESS"}
_WALLETS: Final = {
    "paypay": "PAYPAY",
    "rakuten_pay": "RAKUTEN_PAY",
    "d_barai": "D_BARAI",
    "au_pay": "AU_PAY",
}
_FELICA: Final = {"transit": "FELICA_TRANSPORTATION", "id": "FELICA_ID", "quicpay": "FELICA_QP"}
_OWN_COLUMNS: Final = (
    *("external_id", "version", "at", "amount_yen", "tax_yen", "method", "brand", "refunded_yen"),
    "cancelled",
)
_SMAREGI_METHODS: Final = {
    "cash": "内現金支払金額",
    "credit": "内クレジット支払金額",
    "code_payment": "内QR決済支払金額",
    "emoney_transit": "内交通系電子マネー支払金額",
    "emoney_other": "内電子マネー支払金額",
    "voucher": "内商品券支払金額",
}
"""The columns of sums by method; the merchant names those behind the first two."""
_SMAREGI_COLUMNS: Final = (
    *("取引ID", "取引日時", "取引区分", "取消区分", "単価値引き前小計", "単価値引き小計", "小計"),
    *("小計値引き", "小計割引率", "ポイント値引き", "合計", "内消費税"),
    *_SMAREGI_METHODS.values(),
)


class Webhook(NamedTuple):
    """What Square posts: the body as it is signed, and the signature's header."""

    body: bytes
    signature: str


SIGNATURE_HEADER: Final = "x-square-hmacsha256-signature"


def square_webhooks(telling: Telling, url: str, signature_key: str) -> list[Webhook]:
    """The webhooks of a telling: a payment is approved and then completed, a later update comes alone.

    Args:
        telling: of a sale at a Square till.
        url: to which they are posted; it is part of what is signed.
        signature_key: of the subscription.
    """
    statuses = ("APPROVED", "COMPLETED") if telling.ordinal == 1 else ("COMPLETED",)
    if telling.cancelled:
        statuses = ("CANCELED",)
    hooks = []
    for number, status in enumerate(statuses):
        # Approved at the sale; what it completes is the same second's.
        body = _square_body(telling, status, number)
        digest = hmac.digest(signature_key.encode(), url.encode() + body, "sha256")
        hooks.append(Webhook(body, base64.b64encode(digest).decode()))
    return hooks


def own_csv(tellings: Iterable[Telling], zone: ZoneInfo) -> bytes:
    """Meguri's own file, as UTF-8 with BOM, so that Excel reads it too."""
    rows = ([_own(telling, zone)[column] for column in _OWN_COLUMNS] for telling in tellings)
    return _csv(_OWN_COLUMNS, rows).encode("utf-8-sig")


def own_json(tellings: Iterable[Telling], zone: ZoneInfo) -> bytes:
    """The body of `POST /v1/sales` as JSON."""
    sales = [
        {**_own(telling, zone), "cancelled": telling.cancelled, "brand": telling.sale.brand}
        for telling in tellings
    ]
    return json.dumps({"sales": sales}, ensure_ascii=False).encode()


def smaregi_csv(tellings: Iterable[Telling], zone: ZoneInfo) -> bytes:
    """The list of transactions of スマレジ's back office, in CP932."""
    rows = []
    for telling in tellings:
        sale = telling.sale
        by_method = [sale.amount_yen if method == sale.method else 0 for method in _SMAREGI_METHODS]
        at = datetime.fromtimestamp(sale.at_ms / 1_000, zone)
        rows.append(
            [
                sale.external_id,
                f"{at:%Y/%m/%d %H:%M:%S}",
                1,
                int(telling.cancelled),
                sale.amount_yen,
                0,
                sale.amount_yen,
                0,
                0,
                0,
                sale.amount_yen,
                sale.tax_yen,
                *by_method,
            ]
        )
    return _csv(_SMAREGI_COLUMNS, rows).encode("cp932")


def _own(telling: Telling, zone: ZoneInfo) -> dict[str, object]:
    sale = telling.sale
    return {
        "external_id": sale.external_id,
        "version": telling.version,
        "at": datetime.fromtimestamp(sale.at_ms / 1_000, zone).isoformat(timespec="seconds"),
        "amount_yen": sale.amount_yen,
        "tax_yen": sale.tax_yen,
        "method": sale.method,
        "brand": sale.brand,
        "refunded_yen": telling.refunded_yen,
        "cancelled": str(telling.cancelled).lower(),
    }


def _square_body(telling: Telling, status: str, number: int) -> bytes:
    sale = telling.sale
    money = {"amount": sale.amount_yen, "currency": "JPY"}
    payment: dict[str, object] = {
        "id": sale.external_id,
        "created_at": _instant(sale.at_ms),
        "updated_at": _instant(telling.told_ms),
        "amount_money": money,
        "total_money": money,
        "status": status,
        "location_id": f"L{sale.shop.upper().replace('-', '')[:12]}",
        "version_token": f"{telling.version}{number}",
        **_square_source(sale.method, sale.brand),
    }
    if telling.refunded_yen:
        payment["refunded_money"] = {"amount": telling.refunded_yen, "currency": "JPY"}
    kind = "payment.created" if status == "APPROVED" else "payment.updated"
    envelope = {
        "merchant_id": "MVILLAGE",
        "type": kind,
        "event_id": f"{sale.external_id.lower()}-{telling.ordinal}-{status.lower()}",
        "created_at": _instant(telling.told_ms),
        "data": {"type": "payment", "id": sale.external_id, "object": {"payment": payment}},
    }
    return json.dumps(envelope, separators=(",", ":")).encode()


def _square_source(method: str, brand: str) -> dict[str, object]:
    if brand in _CARDS:
        return {"source_type": "CARD", "card_details": {"card": {"card_brand": _CARDS[brand]}}}
    if brand in _WALLETS:
        return {"source_type": "WALLET", "wallet_details": {"brand": _WALLETS[brand]}}
    if brand in _FELICA:
        details = {"felica_details": {"felica_brand": _FELICA[brand]}}
        return {"source_type": "CARD", "electronic_money_details": details}
    if method == "voucher":
        return {"source_type": "EXTERNAL", "external_details": {"type": "FOOD_VOUCHER"}}
    return {"source_type": "CASH"}


def _instant(time_ms: int) -> str:
    at = datetime.fromtimestamp(time_ms / 1_000, UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{time_ms % 1_000:03}Z"


def _csv(columns: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue()
