"""How brands of payment are written, and which of the reported groups a method of payment belongs to."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from meguri_proto.payments import PaymentMethod


class Group(StrEnum):
    """Cash, the four that the Ministry of Economy reports as cashless, and what is left."""

    CASH = "cash"
    CREDIT = "credit"
    DEBIT = "debit"
    EMONEY = "emoney"
    CODE = "code"
    OTHER = "other"


CASHLESS: Final = (Group.CREDIT, Group.DEBIT, Group.EMONEY, Group.CODE)

_GROUPS: Final = {
    PaymentMethod.CASH: Group.CASH,
    PaymentMethod.CREDIT: Group.CREDIT,
    PaymentMethod.DEBIT: Group.DEBIT,
    PaymentMethod.EMONEY_TRANSIT: Group.EMONEY,
    PaymentMethod.EMONEY_OTHER: Group.EMONEY,
    PaymentMethod.CODE_PAYMENT: Group.CODE,
}

_NAMES: Final = {
    "alipay": "Alipay",
    "amex": "American Express",
    "au_pay": "au PAY",
    "diners": "Diners Club",
    "discover": "Discover",
    "icoca": "ICOCA",
    "id": "iD",
    "jcb": "JCB",
    "line_pay": "LINE Pay",
    "mastercard": "Mastercard",
    "nanaco": "nanaco",
    "pasmo": "PASMO",
    "paypay": "PayPay",
    "quicpay": "QUICPay",
    "suica": "Suica",
    "visa": "Visa",
    "waon": "WAON",
    "wechat_pay": "WeChat Pay",
}
TRANSLATED: Final = frozenset(
    ("d_barai", "edy", "merpay", "rakuten_edy", "rakuten_pay", "transit", "unionpay")
)
"""Brands that each language writes in its own way."""


def group_of(method: str) -> Group:
    """The group of a `PaymentMethod`; vouchers, receivables and what is not known are other."""
    return _GROUPS.get(PaymentMethod(method), Group.OTHER) if method in set(PaymentMethod) else Group.OTHER


def brand_name(brand: str) -> str:
    """How a brand is written that is not `TRANSLATED`.

    One that is not known stays as its till tells it, its words apart.
    """
    return _NAMES.get(brand, brand.replace("_", " "))
