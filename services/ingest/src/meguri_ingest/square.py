"""Square's webhooks: whether Square signed one, and the sale that its payment is. Pure.

Read are the payment's id, times, amounts, status and what says how it was paid; whatever else it carries
(buyer, addresses, note, receipt, the card's digits) is not.
"""

from __future__ import annotations

import base64
import hmac
from typing import TYPE_CHECKING, Any

from meguri_proto.payments import BRAND, PaymentMethod
from meguri_proto.reasons import RejectReason

from meguri_ingest.fields import FieldError, Fields
from meguri_ingest.sales import add_sale, read_sale
from meguri_ingest.verdicts import Refusal, Verdicts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from meguri_proto.schema.sales_pb2 import Sale

    from meguri_ingest.sales import TillStanding

SOURCE = "square"
SIGNATURE_HEADER = "x-square-hmacsha256-signature"
_PAYMENT_EVENTS = ("payment.created", "payment.updated")
_NOT_YET = ("APPROVED", "PENDING")
_NEVER = ("CANCELED", "FAILED")
_FELICA = {
    "FELICA_ID": (PaymentMethod.EMONEY_OTHER, "id"),
    "FELICA_QP": (PaymentMethod.EMONEY_OTHER, "quicpay"),
    # Suica, PASMO, ICOCA and the like are one to Square.
    "FELICA_TRANSPORTATION": (PaymentMethod.EMONEY_TRANSIT, "transit"),
}
_CARDS = {"AMERICAN_EXPRESS": "amex", "CHINA_UNIONPAY": "unionpay", "OTHER_BRAND": ""}
_GIFT_CARD = "SQUARE_GIFT_CARD"
_EXTERNAL = {
    "OTHER_GIFT_CARD": PaymentMethod.VOUCHER,
    "FOOD_VOUCHER": PaymentMethod.VOUCHER,
    "EMONEY": PaymentMethod.EMONEY_OTHER,
    "CARD": PaymentMethod.CREDIT,
    "SOCIAL": PaymentMethod.CODE_PAYMENT,
    "STORED_BALANCE": PaymentMethod.RECEIVABLE,
}


def is_signed(signature: str, key: str, url: str, body: bytes) -> bool:
    """Whether Square signed this body for this notification URL: HMAC-SHA256, in base64."""
    made = base64.b64encode(hmac.digest(key.encode(), url.encode() + body, "sha256"))
    return hmac.compare_digest(made, signature.encode("utf-8", "replace"))


def judge_event(event: Mapping[str, Any], standing: TillStanding) -> Verdicts[Sale]:
    """Judge an event: a payment that is completed is a sale, one that came to nothing a cancelled one.

    What is not yet either (APPROVED, PENDING), and events of other types, are ignored.
    """
    if event.get("type") not in _PAYMENT_EVENTS:
        return Verdicts(ignored=1)
    try:
        payment = _within(event, "data", "object", "payment")
        status = Fields(payment).choice("status", ("COMPLETED", *_NOT_YET, *_NEVER))
        if status in _NOT_YET:
            return Verdicts(ignored=1)
        sale = _sale(payment, standing, cancelled=status in _NEVER)
    except FieldError as error:
        return Verdicts(rejected=[Refusal("sales[0]", RejectReason.BAD_FIELD, f"In the payment, {error}")])
    verdicts: Verdicts[Sale] = Verdicts()
    add_sale(verdicts, "sales[0]", sale, standing)
    return verdicts


def _sale(payment: Mapping[str, Any], standing: TillStanding, *, cancelled: bool) -> Sale:
    fields = Fields(payment)
    offline_at = _within(payment, "offline_payment_details").get("client_created_at")
    amount_yen = _yen(payment, "amount_money")
    method, brand = _method(payment)
    return read_sale(
        Fields(
            {
                "external_id": payment.get("id"),
                "version": fields.instant_ms("updated_at", standing.town.zone),
                # Of a payment that was taken offline, created_at is when it reached Square.
                "at": offline_at or payment.get("created_at"),
                "amount_yen": amount_yen,
                "method": method.value,
                "brand": brand,
                # A refund may give back a tip, too, which is no part of the amount.
                "refunded_yen": min(amount_yen, _yen(payment, "refunded_money", 0)),
                "cancelled": cancelled,
            }
        ),
        standing,
    )


def _yen(payment: Mapping[str, Any], name: str, default: int | None = None) -> int:
    """An amount of money, which for yen is in whole yen."""
    money = payment.get(name)
    if money is None and default is not None:
        return default
    if not isinstance(money, dict) or money.get("currency") != "JPY":
        raise FieldError(f"{name} is to be an amount in JPY.")
    try:
        return Fields(money).whole("amount", 0, 10**9)
    except FieldError:
        raise FieldError(f"{name}.amount is to be a whole number of yen.") from None


def _method(payment: Mapping[str, Any]) -> tuple[PaymentMethod, str]:
    """Method and brand; electronic money is told apart by its details, whatever the source's type."""
    felica = _within(payment, "electronic_money_details", "felica_details").get("felica_brand")
    if felica is not None:
        return _FELICA.get(str(felica), (PaymentMethod.EMONEY_OTHER, ""))
    match payment.get("source_type"):
        case "CASH":
            return PaymentMethod.CASH, ""
        case "CARD":
            return _card(_within(payment, "card_details", "card"))
        case "WALLET":
            return PaymentMethod.CODE_PAYMENT, _brand(_within(payment, "wallet_details").get("brand"))
        case "EXTERNAL":
            kind = _within(payment, "external_details").get("type")
            return _EXTERNAL.get(str(kind), PaymentMethod.OTHER), ""
    return PaymentMethod.OTHER, ""


def _card(card: Mapping[str, Any]) -> tuple[PaymentMethod, str]:
    """Of a card are read its brand and whether it is a debit card."""
    if card.get("card_brand") == _GIFT_CARD:
        return PaymentMethod.VOUCHER, ""
    method = PaymentMethod.DEBIT if card.get("card_type") == "DEBIT" else PaymentMethod.CREDIT
    return method, _brand(card.get("card_brand"))


def _brand(name: object) -> str:
    """A brand as Square names it, in the contract's way; empty for what cannot be one."""
    if not isinstance(name, str):
        return ""
    brand = _CARDS.get(name, name.lower())
    return brand if BRAND.fullmatch(brand) else ""


def _within(value: Mapping[str, Any], *names: str) -> Mapping[str, Any]:
    """The object at this path; an empty one where there is none."""
    for name in names:
        found = value.get(name)
        value = found if isinstance(found, dict) else {}
    return value
