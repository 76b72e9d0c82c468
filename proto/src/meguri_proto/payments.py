"""How a sale was paid: the methods that the pages tell apart, and what a brand may look like."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final


class PaymentMethod(StrEnum):
    """A method; METI reports credit, debit, e-money and code payment, of which this is a refinement."""

    CASH = "cash"
    CREDIT = "credit"
    DEBIT = "debit"
    EMONEY_TRANSIT = "emoney_transit"
    EMONEY_OTHER = "emoney_other"
    CODE_PAYMENT = "code_payment"
    VOUCHER = "voucher"
    RECEIVABLE = "receivable"
    OTHER = "other"


BRAND: Final = re.compile(r"([a-z][a-z_]{0,31})?")
"""A brand's name, or nothing. Without digits, so that no card's number passes for one."""
